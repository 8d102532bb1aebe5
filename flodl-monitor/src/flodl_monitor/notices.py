"""What the monitor itself has to say: each thing once, one line, never from the training thread."""

from __future__ import annotations

import threading
from typing import final

from flodl_monitor.console import printable, write_line
from flodl_monitor.lane import Lane


@final
class Notices:
    """One-line messages on stderr, written by a thread of their own: a stuck terminal holds up nothing."""

    def __init__(self) -> None:
        self._said: set[str] = set()
        self._lock = threading.Lock()
        self._lane: Lane[str] | None = None  # most runs have nothing to say

    def once(self, subject: str, text: str) -> None:
        """Say `text`, unless something was said about `subject` before."""
        with self._lock:
            if subject in self._said:
                return
            self._said.add(subject)
            self._lane = lane = self._lane or _new_lane()
        say = lane.put if lane is not None else write_line
        say(f"flodl-monitor: {printable(text)}")

    def close(self, deadline: float) -> None:
        """Wait until all is said, but no longer than `deadline`."""
        if self._lane is not None:
            self._lane.stop()
            self._lane.join(deadline)


def _new_lane() -> Lane[str] | None:
    """A thread to speak; None when the interpreter is ending, where Python 3.12 and later start none."""
    try:
        return Lane("notices", write_line, _nothing, _nobody_left_to_tell)
    except RuntimeError:
        return None


def describe(error: BaseException) -> str:
    """An error on one line; of one that cannot even say what it is, its kind."""
    try:
        text = " ".join(str(error).split())
    except Exception:
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _nothing() -> None:
    pass


def _nobody_left_to_tell(error: BaseException) -> None:
    """Stderr itself is gone."""
