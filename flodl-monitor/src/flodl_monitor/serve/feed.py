"""What has happened, once, in order; any number of readers, each at its own place."""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Callable
from typing import final

from attrs import frozen

LIMIT, LETTERS = 10_000, 4_000_000
"""Events, and letters of them, that are kept for readers who were away; one who was away longer begins anew."""
BATCH = 100
"""Events handed out at once: what a reader that takes nothing has waiting is little."""
PLACES = 16
"""Places whose answers are kept until something happens: readers stand at a few, whatever a stranger asks for."""


@final
@frozen
class Batch:
    """What a reader has not seen yet.

    Args:
        events: In order; `BATCH` at most.
        last: Number of the last of them: where to go on.
        gap: Events in between are gone; the reader must begin anew, from a whole page.
        ended: Nothing further will come after these.
    """

    events: tuple[str, ...]
    last: int
    gap: bool = False
    ended: bool = False


@final
class Feed:
    """Numbered events, from 1. Readers hold nothing here but their number, so a slow one costs no memory.

    Args:
        limit: Events kept.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.run = secrets.token_hex(8)
        """Of this feed alone: numbers of another mean nothing here."""
        self.lock = threading.Lock()
        """Held while an event is added: whoever holds it sees a number and the state that belongs to it."""
        self._events: deque[str] = deque()
        self._limit, self._letters = limit, 0
        self._last = 0
        self._ended = False
        self._answers: dict[int, Batch] = {}
        self._wake: set[Callable[[], None]] = set()

    @property
    def last(self) -> int:
        """The number of the last event."""
        return self._last

    def add(self, event: str) -> None:
        """Append one event. The caller holds `lock`."""
        self._events.append(event)
        self._letters += len(event)
        while len(self._events) > self._limit or self._letters > LETTERS:
            self._letters -= len(self._events.popleft())
        self._last += 1
        self._call_all()

    def begin_anew(self) -> None:
        """Forget all: every reader is to begin from a whole page. The caller holds `lock`."""
        self._events.clear()
        self._letters = 0
        self._last += 1
        self._call_all()

    def end(self) -> None:
        """Let readers go once they have read all."""
        with self.lock:
            self._ended = True
            self._call_all()

    def after(self, number: int) -> Batch:
        """What came after event `number`: made once for all who stand there."""
        with self.lock:
            answer = self._answers.get(number)
            if answer is None:
                answer = self._batch(number)
                if len(self._answers) < PLACES:
                    self._answers[number] = answer
            return answer

    def _batch(self, number: int) -> Batch:
        first = self._last - len(self._events) + 1
        if not first - 1 <= number <= self._last:
            return Batch((), self._last, gap=True, ended=self._ended)
        start = number - first + 1
        fresh = tuple(self._events[place] for place in range(start, min(start + BATCH, len(self._events))))
        last = number + len(fresh)
        return Batch(fresh, last, ended=self._ended and last == self._last)

    def listen(self, wake: Callable[[], None]) -> None:
        """Call `wake` at each event; from whatever thread adds it, so it must be quick and must not raise."""
        with self.lock:
            self._wake.add(wake)

    def forget(self, wake: Callable[[], None]) -> None:
        """Call it no more."""
        with self.lock:
            self._wake.discard(wake)

    def _call_all(self) -> None:
        self._answers.clear()
        for wake in tuple(self._wake):
            wake()
