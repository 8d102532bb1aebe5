"""Waking readers: all of them by one call, however many they are, from whatever thread has news."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import final

from flodl_monitor.serve.feed import Feed

PULSE = 10.0
"""Seconds of silence after which readers are told that all is well, and dead ones are noticed."""


@final
class Bell:
    """Rings at each event of a feed, and every `PULSE` seconds, as long as somebody hears it.

    A reader takes `next`, looks at the feed, and waits for what it took: nothing can fall in between.
    """

    def __init__(self, feed: Feed) -> None:
        self.next = asyncio.Event()
        """Set at the next ring."""
        self._feed, self._readers, self._rung = feed, 0, False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pulse: asyncio.TimerHandle | None = None

    @contextmanager
    def heard(self) -> Iterator[None]:
        """While a reader listens; entered and left in the event loop."""
        self._readers += 1
        if self._readers == 1:
            self._loop = asyncio.get_running_loop()
            self._feed.listen(self._news)
            self._beat()
        try:
            yield
        finally:
            self._readers -= 1
            if self._readers == 0:
                self._feed.forget(self._news)
                if self._pulse is not None:
                    self._pulse.cancel()

    def _news(self) -> None:
        """From the thread that has them."""
        if self._loop is not None and not self._rung:
            self._rung = True
            with suppress(RuntimeError):  # the loop is closed: nobody is reading any more
                self._loop.call_soon_threadsafe(self._ring)

    def _ring(self) -> None:
        self._rung = False
        rung, self.next = self.next, asyncio.Event()
        rung.set()

    def _beat(self) -> None:
        if self._loop is not None:
            self._pulse = self._loop.call_later(PULSE, self._beat)
            self._ring()
