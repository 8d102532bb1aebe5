"""The one place that writes to the terminal: whole lines, one at a time, and a last line that gives way to them."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import Any, TextIO, final

_one_at_a_time = threading.RLock()  # a signal's handler may print while its thread does


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


@final
class Footer:
    """A line at the end of a terminal that is drawn again and again, and wiped before anything else is printed there.

    While it stands, `write` and `flush` of the terminal's streams are ours: what the program prints goes
    where it always went, on a clean line, and a question that it asks is not painted over. The cursor
    stays visible, so that a program that is killed leaves nothing to repair.

    Args:
        now: What is there to be shown; as long as it is what it was when the program last had the terminal,
            nothing is drawn.
    """

    def __init__(self, stream: TextIO, now: Callable[[], object]) -> None:
        self._stream, self._now = stream, now
        self._write, self._flush = stream.write, stream.flush
        self._taken: list[tuple[Any, str, object]] = []
        self._drawn = self._within_a_line = False
        self._seen: object = None

    def show(self, text: str, moment: object) -> None:
        """Draw it, if it is new. Not while something else stands on the line, or another footer on the terminal."""
        global _standing
        with _one_at_a_time:
            if _standing is None:
                _standing = self
                self._stand()
            if _standing is self and not self._within_a_line and moment != self._seen:
                self._seen, self._drawn = moment, True
                self._draw(f"\r{text}\x1b[K")

    def clear(self) -> None:
        """Wipe it, and give the streams back."""
        global _standing
        with _one_at_a_time:
            if _standing is self:
                self._wipe()
                self._leave()
                _standing = None

    def _stand(self) -> None:
        self._within_a_line = False
        self._write, self._flush = self._stream.write, self._stream.flush
        for stream in {id(one): one for one in (self._stream, sys.stdout, sys.stderr) if is_terminal(one)}.values():
            for name, ours in (("write", self._writing(stream.write)), ("flush", self._flushing(stream.flush))):
                setattr(stream, name, ours)
                self._taken.append((stream, name, ours))

    def _leave(self) -> None:
        taken, self._taken = self._taken, []
        for stream, name, ours in taken:
            if vars(stream).get(name) is ours:  # nobody else has taken it since
                delattr(stream, name)

    def _writing(self, write: Callable[[str], int]) -> Callable[[str], int]:
        def write_on_a_clean_line(text: str) -> int:
            with _one_at_a_time:
                self._give_way()
                written = write(text)
                if text:
                    self._within_a_line = not text.endswith("\n")
                return written

        return write_on_a_clean_line

    def _flushing(self, flush: Callable[[], None]) -> Callable[[], None]:
        def flush_on_a_clean_line() -> None:  # input() does, and then writes past every stream
            with _one_at_a_time:
                self._give_way()
                flush()

        return flush_on_a_clean_line

    def _give_way(self) -> None:
        if _standing is self:
            self._seen = self._now()
            self._wipe()

    def _wipe(self) -> None:
        if self._drawn:
            self._drawn = False
            self._draw("\r\x1b[K")

    def _draw(self, text: str) -> None:
        self._write(text)
        self._flush()


_standing: Footer | None = None


def is_terminal(stream: Any) -> bool:
    """Whether somebody may be looking at it, and it knows how to wipe a line."""
    knows = "WT_SESSION" in os.environ if os.name == "nt" else os.environ.get("TERM") != "dumb"
    try:
        return knows and bool(stream.isatty()) and hasattr(stream, "__dict__")
    except (AttributeError, ValueError):  # there is none, or it is closed
        return False


def _after_fork() -> None:
    """A forked child must not inherit a lock that a thread of its parent held, nor wipe its parent's footer."""
    global _one_at_a_time, _standing
    _one_at_a_time = threading.RLock()
    if _standing is not None:
        _standing._leave()
        _standing = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
