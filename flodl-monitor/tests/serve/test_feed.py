"""The feed: every reader sees every event once, from wherever it begins, or is told to begin anew."""

from __future__ import annotations

import threading

import pytest
from flodl_monitor.serve import feed as feed_module
from flodl_monitor.serve.feed import Batch, Feed


def filled(count: int, limit: int = 100) -> Feed:
    feed = Feed(limit)
    for number in range(1, count + 1):
        with feed.lock:
            feed.add(str(number))
    return feed


@pytest.mark.parametrize(("place", "events"), [(0, ("1", "2", "3")), (2, ("3",)), (3, ())])
def test_a_reader_gets_what_came_after_its_place(place, events):
    """Nothing twice, nothing left out."""
    assert Batch(events, 3) == filled(3).after(place)


@pytest.mark.parametrize("place", [-1, 0, 4, 11, 99])
def test_a_place_that_is_gone_or_never_was_begins_anew(place):
    """Of ten events the last five are kept: 5 is the first place from which one can go on."""
    feed = filled(10, limit=5)
    assert Batch((), 10, gap=True) == feed.after(place)
    assert Batch(("6", "7", "8", "9", "10"), 10) == feed.after(5)


def test_what_is_kept_is_bounded_by_its_size_too(monkeypatch):
    """Runs with many metrics have long events: of those fewer are kept, and one that is larger than all not at all."""
    monkeypatch.setattr(feed_module, "LETTERS", 5)
    feed = filled(12)
    assert Batch(("11", "12"), 12) == feed.after(10)
    assert feed.after(9).gap
    with feed.lock:
        feed.add("far too long")
    assert (Batch((), 13), True) == (feed.after(13), feed.after(12).gap)


def test_a_reader_far_behind_gets_a_little_at_a_time():
    """And all of it, and the end after the last."""
    feed, place, sizes, ends = filled(250, limit=1000), 0, [], []
    feed.end()
    while place < 250:
        batch = feed.after(place)
        assert tuple(str(number) for number in range(place + 1, batch.last + 1)) == batch.events
        place = batch.last
        sizes.append(len(batch.events))
        ends.append(batch.ended)
    assert ([100, 100, 50], [False, False, True]) == (sizes, ends)


def test_the_end_is_told_with_the_last_events():
    """A reader that is behind gets the rest first."""
    feed = filled(2)
    feed.end()
    assert Batch(("2",), 2, ended=True) == feed.after(1)


def test_listeners_are_woken_until_they_are_forgotten():
    """Once per event, and at the end."""
    feed, woken = filled(0), []
    feed.listen(wake := lambda: woken.append(1))
    with feed.lock:
        feed.add("a")
    feed.end()
    feed.forget(wake)
    with feed.lock:
        feed.add("b")
    assert 2 == len(woken)


def test_readers_beside_a_writer_see_each_number_once():
    """Eight threads that read while one writes each have the same list at the end."""
    feed, seen = Feed(), [[] for _ in range(8)]

    def read(mine: list[str]) -> None:
        place, ended = 0, False
        while not ended:
            batch = feed.after(place)
            mine.extend(batch.events)
            place, ended = batch.last, batch.ended

    threads = [threading.Thread(target=read, args=(mine,)) for mine in seen]
    for thread in threads:
        thread.start()
    for number in range(2000):
        with feed.lock:
            feed.add(str(number))
    feed.end()
    for thread in threads:
        thread.join(30)
    assert [[str(number) for number in range(2000)]] * 8 == seen
