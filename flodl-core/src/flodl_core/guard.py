"""Running other people's code: what it prints and raises must not spoil what others print and do."""

from __future__ import annotations

import reprlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

_LONGEST = 300
_lock = threading.Lock()
_depth = 0
_stdout: TextIO | Any = None

_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = 80


def shown(value: object) -> str:
    """The repr of a value in a message: short, on one line, and never an error of its own.

    >>> shown("x" * 1000) == repr("x" * 37 + "..." + "x" * 38)
    True
    """
    return one_line(_repr.repr(value))


def one_line(text: str) -> str:
    r"""A text as one printable line of bearable length.

    >>> one_line("it failed:\n\n  because \x1b[31mred")
    'it failed: because \\x1b[31mred'
    """
    line = " ".join(text[: 10 * _LONGEST].split())
    line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..."


def said(error: BaseException) -> str:
    r"""An exception as one line: its class and its message.

    >>> said(ValueError("no\nway")), said(KeyError())
    ('ValueError: no way', 'KeyError')
    """
    try:
        text = str(error)
    except Exception:  # a broken __str__ must not hide which error it was
        text = "its message cannot be shown"
    name = type(error).__name__
    return one_line(f"{name}: {text}" if text.strip() else name)


@contextmanager
def stdout_to_stderr() -> Iterator[None]:
    """Let what is printed in here go to stderr: stdout belongs to the answer that somebody pipes on.

    May be nested and entered by several threads; the last one to leave restores stdout.
    """
    global _depth, _stdout
    with _lock:
        if _depth == 0:
            _stdout, sys.stdout = sys.stdout, sys.stderr
        _depth += 1
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0:
                sys.stdout, _stdout = _stdout, None
