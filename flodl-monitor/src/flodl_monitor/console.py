"""The one place that writes to the terminal: whole lines, one at a time."""

from __future__ import annotations

import os
import sys
import threading
from typing import TextIO

_one_at_a_time = threading.Lock()


def write_line(line: str, stream: TextIO | None = None) -> None:
    """Write one line to `stream` (stderr as it is now) in a single call, never inside another line."""
    out = sys.stderr if stream is None else stream
    if out is not None:  # pythonw has no stderr
        with _one_at_a_time:
            out.write(line + "\n")
            out.flush()


def printable(text: str) -> str:
    r"""Text without what would move the cursor or colour the screen.

    >>> printable("loss\x1b[2J\nfake")
    'loss\\x1b[2J\\nfake'
    """
    if text.isprintable():
        return text
    return "".join(mark if mark.isprintable() else mark.encode("unicode_escape").decode() for mark in text)


def _fresh_lock() -> None:
    """A forked child must not inherit a lock that a thread of its parent held."""
    global _one_at_a_time
    _one_at_a_time = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_fresh_lock)
