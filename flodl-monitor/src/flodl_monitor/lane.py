"""`Lane`: a bounded queue and a thread for one consumer, so that a slow one delays nobody."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Generic, TypeVar, final

T = TypeVar("T")

LIMIT = 10_000
"""Items that may wait for a consumer; further ones are dropped and counted."""

_END: Any = object()


@final
class Lane(Generic[T]):
    """Hands items to `work`, in order, on a thread of its own; then calls `end`, once.

    `put` appends and returns: it never blocks and never raises. When `work` raises, `failed` is
    told, `end` is called, and whatever comes later is dropped.

    Args:
        name: For people: in notices and as the thread's name.
        work: Takes one item; may block, may raise.
        end: Called after the last item, or after a failure.
        failed: Told what `work` or `end` raised.
    """

    def __init__(
        self, name: str, work: Callable[[T], None], end: Callable[[], None], failed: Callable[[BaseException], None]
    ) -> None:
        self.name, self.dropped, self.broken = name, 0, False
        self._work, self._end, self._failed = work, end, failed
        self._queue: SimpleQueue[T] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=f"flodl-monitor {name}", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Items not yet taken."""
        return self._queue.qsize()

    def put(self, item: T) -> None:
        """Append one item for the lane's thread."""
        if self.broken:
            return
        if self._queue.qsize() >= LIMIT:
            self.dropped += 1
        else:
            self._queue.put(item)

    def stop(self) -> None:
        """Let the thread end after what waits now."""
        self._queue.put(_END)

    def join(self, deadline: float) -> bool:
        """Wait for the thread's end until `deadline` on the monotonic clock; True when it has ended."""
        if threading.current_thread() is not self._thread:
            self._thread.join(min(max(0.0, deadline - time.monotonic()), threading.TIMEOUT_MAX))
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self.broken and (item := self._queue.get()) is not _END:
            self._guard(self._work, item)
        self._guard(self._end)

    def _guard(self, call: Callable[..., None], *items: T) -> None:
        try:
            call(*items)
        except BaseException as error:
            # The thread is ours: there is nobody above to hand even a SystemExit to.
            first, self.broken = not self.broken, True
            if first:
                self._failed(error)
