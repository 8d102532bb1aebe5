"""SIGTERM and SIGUSR1: a wish to stop, which the run looks at where it can be saved."""

from __future__ import annotations

import mmap
import os
import signal
import threading
import time
from types import FrameType
from typing import Any, final

SIGNALS = (signal.SIGTERM, signal.SIGUSR1)
EXIT_CODE = 75
"""What a run that was asked to stop, and is saved, exits with: sysexits' EX_TEMPFAIL, "try again later"."""

_CHILD_WAITS = 2.0  # seconds


@final
class Preempted(SystemExit):
    """Training stops here because a signal asked for it. It ends the program with exit code 75, unless caught."""

    def __init__(self, name: str) -> None:
        super().__init__(EXIT_CODE)
        self.signal = name
        """The signal's name: `"SIGTERM"`."""


@final
class StopSignals:
    """Between `take` and `give_back`, the signals set a flag and do nothing else, however often they come.

    A forked child (a loader's worker) obeys a signal of its own, and leaves one that came to the whole group to its
    parent. Threads other than the main one cannot take signals: there the flag stays down.
    """

    def __init__(self) -> None:
        self.wanted: str | None = None
        """The name of the first signal that came."""
        self._before: dict[signal.Signals, Any] = {}
        self._pid = 0
        self._shared = mmap.mmap(-1, 1)  # children see it

    def take(self) -> None:
        """Listen."""
        self._pid = os.getpid()
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._come) for number in SIGNALS}

    def give_back(self) -> None:
        """The handlers of before."""
        before, self._before = self._before, {}
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def check(self) -> None:
        """Stop if it was asked for.

        Raises:
            Preempted: It was.
        """
        if self.wanted is not None:
            raise Preempted(self.wanted)

    def _come(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._pid:
            self._come_to_child(number)
        elif self.wanted is None:
            self.wanted = signal.Signals(number).name
            self._shared[0] = 1
            # A group's signal kills torch's loader workers too, and torch would raise wherever the program is just now,
            # or where it ends: for good. A loader notices dead workers by itself, a little later.
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)

    def _come_to_child(self, number: int) -> None:
        end = time.monotonic() + _CHILD_WAITS
        while not self._shared[0]:
            if time.monotonic() > end:
                signal.signal(number, signal.SIG_DFL)
                os.kill(os.getpid(), number)
            time.sleep(0.01)
