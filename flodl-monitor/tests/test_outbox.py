"""What a training thread puts down, and who delivers it when."""

from __future__ import annotations

import os
import threading
import time

import pytest
from flodl_monitor import EpochRecord
from flodl_monitor.lane import Lane
from flodl_monitor.notices import Notices
from flodl_monitor.outbox import MOST, Outbox
from flodl_monitor.record import Mark


def record(epoch, **settings):
    """One epoch of many."""
    return EpochRecord(epoch=epoch, total=10**6, seconds=0.5, metrics={"loss": 1 / epoch}, **settings)


def lane_to(taken):
    """Keeps what it is given."""
    return Lane("kept", taken.append, lambda: None, taken.append)


@pytest.fixture
def taken():
    """What came out, in order."""
    return []


@pytest.fixture
def outbox(taken):
    """With two lanes to one place each; ended afterwards."""
    made = Outbox([lane_to(taken), lane_to([])], Notices())
    yield made
    made.stop()


def ended(outbox):
    """All that was put is in its place."""
    outbox.stop()
    return all(lane.join(time.monotonic() + 10) for lane in outbox.lanes)


def test_items_come_out_in_the_order_in_which_they_went_in(outbox, taken):
    """Whoever delivers them: the outbox's own thread, or one that wants to know."""
    items = [item for epoch in range(1, 300) for item in (record(epoch), Mark(epoch, "here"))]
    for count, item in enumerate(items):
        outbox.put(item)
        if count % 7 == 0:
            with outbox.settled() as history:
                assert items[count].epoch == history.seconds.epochs[-1]
    assert ended(outbox)
    assert items == taken


def test_the_history_is_whole_for_whoever_asks(outbox):
    """Without waiting for another thread."""
    outbox.put(record(1))
    outbox.put(Mark(1, "here"))
    with outbox.settled() as history:
        assert [record(1, marks=("here",))] == list(history.records(10**6))


def test_items_are_delivered_while_nobody_asks(outbox, taken):
    """By a thread that is woken."""
    outbox.put(record(1))
    until = time.monotonic() + 10
    while not taken and time.monotonic() < until:
        time.sleep(0.01)
    assert [record(1)] == taken


def test_few_items_wait(outbox):
    """A training thread that is faster than the outbox's own delivers them itself."""
    held, go_on = threading.Event(), threading.Event()

    def hold():
        with outbox.settled():
            held.set()
            go_on.wait(10)

    threading.Thread(target=hold).start()
    assert held.wait(10)
    for epoch in range(1, MOST + 1):
        outbox.put(record(epoch))
    assert MOST == outbox.waiting
    go_on.set()
    outbox.put(record(MOST + 1))
    assert outbox.waiting <= MOST
    with outbox.settled() as history:
        assert MOST + 1 == len(history)


def test_what_cannot_be_entered_is_said_and_the_rest_goes_on(taken, capsys):
    """An epoch that no column can hold, say."""
    notices = Notices()
    outbox = Outbox([lane_to(taken)], notices)
    for epoch in (1, 10**30, 2):
        outbox.put(record(epoch))
    assert ended(outbox)
    notices.close(time.monotonic() + 10)
    assert [1, 2] == [item.epoch for item in taken]
    assert capsys.readouterr().err.startswith("flodl-monitor: an epoch could not be logged (OverflowError: ")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_may_look(outbox):
    """Though the lock was taken when it was forked off, by a thread that it does not have."""
    outbox.put(record(1))
    held, go_on = threading.Event(), threading.Event()

    def hold():
        with outbox.settled():
            held.set()
            go_on.wait(10)

    threading.Thread(target=hold).start()
    assert held.wait(10)
    child = os.fork()
    if not child:
        with outbox.settled() as history:
            os._exit(len(history))
    go_on.set()
    assert 1 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
