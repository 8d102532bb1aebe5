"""A lane: one thread, one bounded queue, in order."""

from __future__ import annotations

import threading
import time

from flodl_monitor import lane as lane_module
from flodl_monitor.lane import Lane


def soon() -> float:
    return time.monotonic() + 5.0


def test_lane_hands_on_in_order_then_ends():
    """All that was put is worked, then `end` is called once, all on the lane's thread."""
    seen, threads = [], set()

    def work(item):
        seen.append(item)
        threads.add(threading.current_thread())

    lane = Lane("test", work, lambda: seen.append("end"), seen.append)
    for item in range(1000):
        lane.put(item)
    lane.stop()
    assert lane.join(soon())
    assert [*range(1000), "end"] == seen
    assert threading.main_thread() not in threads


def test_lane_tells_the_first_failure_and_drops_the_rest():
    """One message, `end` still called, later items ignored."""
    seen, failures = [], []

    def work(item):
        seen.append(item)
        raise SystemExit(item)

    def end():
        seen.append("end")
        raise ValueError("and the end fails too")

    lane = Lane("test", work, end, failures.append)
    lane.put(1)
    assert lane.join(soon())
    lane.put(2)
    lane.stop()
    assert [1, "end"] == seen
    assert ["SystemExit(1)"] == [repr(error) for error in failures]


def test_lane_is_bounded(monkeypatch):
    """What does not fit is counted and dropped; `put` never waits."""
    monkeypatch.setattr(lane_module, "LIMIT", 5)
    free, seen = threading.Event(), []

    def work(item):
        free.wait(10.0)
        seen.append(item)

    lane = Lane("test", work, lambda: None, lambda error: None)
    began = time.monotonic()
    for item in range(100):
        lane.put(item)
    assert time.monotonic() - began < 1.0
    assert 94 <= lane.dropped <= 95  # one may be in work already
    assert not lane.join(time.monotonic() + 0.05)
    free.set()
    lane.stop()
    assert lane.join(soon())
    assert len(seen) == 100 - lane.dropped
