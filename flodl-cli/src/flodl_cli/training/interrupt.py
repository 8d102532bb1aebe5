"""Ctrl-C during training: the first ends it after the batch that is under way, the second at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import TYPE_CHECKING, Any, final

from flodl_cli.output.human import note

if TYPE_CHECKING:
    from typing_extensions import Self


@final
class Interrupt:
    """Within the block, Ctrl-C is a wish to stop that the loop reads."""

    def __init__(self) -> None:
        self.wanted = False
        self._before: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def _take(self, number: int, frame: FrameType | None) -> None:
        self.wanted = True
        self._restore()  # another Ctrl-C is a plain KeyboardInterrupt
        note("\nStopping after this batch, to keep what is learned so far; Ctrl-C again stops at once.")

    def _restore(self) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None
