"""`Outbox`: all that a training thread has to say goes in here, by one append; the history and the lanes come after."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TypeAlias, final

from flodl_monitor.about import About
from flodl_monitor.history import History
from flodl_monitor.lane import Lane
from flodl_monitor.notices import Notices, describe
from flodl_monitor.progress import Progress
from flodl_monitor.record import EpochRecord, Mark

Item: TypeAlias = "EpochRecord | Mark | About | Progress"
"""Records and late marks; what they are of; the epoch under way."""
SinkLane: TypeAlias = "Lane[Item | History]"
"""Takes all that; a history is what was before it."""

MOST = 100
"""Items that may wait here; who puts one more delivers them himself, so that memory is bounded."""


@final
class Outbox:
    """Takes items in order, enters them into the history and puts them on every lane, on a thread of its own.

    Waking four lanes, and finding the places of twenty curves, takes longer than all else that an epoch
    costs the training thread. Whoever must know all that was put delivers the rest himself (`settled`).

    Args:
        lanes: Where everything goes.
        notices: Where it is said what could not be delivered.
    """

    def __init__(self, lanes: list[SinkLane], notices: Notices) -> None:
        self.lanes, self._notices = lanes, notices
        self._history, self._anew = History(), False
        self._items: deque[Item] = deque()
        self._pid = os.getpid()
        self._lock = threading.RLock()  # a signal's handler may ask in the middle of a delivery
        self._bell: SimpleQueue[bool] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="flodl-monitor outbox", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Items not yet delivered."""
        return len(self._items)

    def put(self, item: Item) -> None:
        """Append one item, and return."""
        self._items.append(item)
        if len(self._items) > MOST:
            self._deliver()
        else:
            self._bell.put(True)

    @contextmanager
    def settled(self) -> Iterator[History]:
        """The history with all that was put, and nothing on its way to the lanes meanwhile."""
        if os.getpid() != self._pid:  # a forked child has no thread here, and perhaps a lock that nobody will open
            yield self._history
            return
        with self._lock:
            self._deliver()
            yield self._history

    def begin(self, past: History) -> None:
        """Go on from another past."""
        with self.settled() as known:
            past.about = known.about
            self._history, self._anew = past, True

    def stop(self) -> None:
        """Deliver all, and let the lanes end after it; the thread has nothing left to do, and ends."""
        with self.settled():
            self._bell.put(False)
            for lane in self.lanes:
                lane.stop()
        if os.getpid() == self._pid and threading.current_thread() is not self._thread:
            self._thread.join(timeout=1.0)

    def _run(self) -> None:
        while self._bell.get():
            self._deliver()

    def _deliver(self) -> None:
        with self._lock:
            while self._items:
                try:
                    self._hand_on(self._items.popleft())
                except Exception as error:
                    self._notices.once("log", f"an epoch could not be logged ({describe(error)})")

    def _hand_on(self, item: Item) -> None:
        if isinstance(item, EpochRecord):
            if self._anew or item.epoch <= self._history.last:
                self._begin_again(item.epoch)
            self._history.append(item)
        elif isinstance(item, Mark):
            self._history.mark(item)
        elif isinstance(item, About):
            self._history.about = item
        for lane in self.lanes:
            lane.put(item)

    def _begin_again(self, epoch: int) -> None:
        """Epochs from this one on are run again: tell the lanes what is left."""
        self._anew = False
        self._history.cut(epoch)
        for lane in self.lanes:
            lane.put(self._history.copy())
