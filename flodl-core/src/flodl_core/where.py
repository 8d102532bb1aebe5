"""Where the user asked for something: a file and a line, for messages and never for equality."""

from __future__ import annotations

import os
import sys
from typing import final

from attrs import frozen

_OURS = frozenset({"flodl", "flodl_core", "flodl_nn", "flodl_graph", "flodl_monitor", "flodl_cli"})
_PLUMBING = frozenset({"attr", "contextlib", "functools", "pluggy"})  # what we are called through
_PASSED = _OURS | _PLUMBING


@final
@frozen
class Where:
    """A place in the user's files. Line 0: the whole file.

    >>> str(Where("train.py", 16))
    'train.py:16'
    """

    file: str
    line: int = 0

    @property
    def short(self) -> str:
        """File name and line, without folders: beside a line of generated code."""
        return self._with_line(os.path.basename(self.file))

    def __str__(self) -> str:
        here = _here()
        inside = os.path.isabs(self.file) and self.file.startswith(here + os.sep)
        return self._with_line(os.path.relpath(self.file, here) if inside else self.file)

    def _with_line(self, file: str) -> str:
        return f"{file}:{self.line}" if self.line else file


def caller() -> Where:
    """The nearest frame outside flodl's own packages: the user's line."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__")):
        frame = frame.f_back
    return Where(frame.f_code.co_filename, frame.f_lineno)


def _is_ours(module: object) -> bool:
    return str(module).partition(".")[0] in _PASSED


def _here() -> str:
    try:
        return os.getcwd()
    except OSError:  # the folder is gone; messages must still come out
        return os.devnull
