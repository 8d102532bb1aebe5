"""The lines of every loaded forward: for tracebacks, and to find the node that a line runs."""

from __future__ import annotations

import linecache
from collections import deque
from collections.abc import Mapping, Sequence
from typing import final

from attrs import frozen

from flodl_graph.ir.node import AbstractNode


@final
@frozen
class Line:
    """One line of a forward, the node it runs if it runs one, and the variables that this node reads."""

    text: str
    node: AbstractNode | None = None
    reads: tuple[str, ...] = ()


_loaded: dict[str, Mapping[int, Line]] = {}  # pseudo file to its lines, while the forward lives
_gone: deque[str] = deque()  # pseudo files whose forward is no more


def remember(file: str, text: str, lines: Sequence[Line]) -> None:
    """Let tracebacks show these lines, and `loaded_line` find them."""
    _forget_what_is_gone()
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    _loaded[file] = dict(enumerate(lines, start=1))


def forget(file: str) -> None:
    """A forward is no more: its lines are let go when another is remembered."""
    _gone.append(file)


def loaded_line(file: str, number: int) -> Line | None:
    """The line of a loaded forward that a traceback names; None for any other file."""
    return _loaded.get(file, {}).get(number)


def _forget_what_is_gone() -> None:
    """Not where a forward dies: that may be in the middle of a walk over the cache, by whoever prints a traceback."""
    while _gone:
        file = _gone.popleft()
        linecache.cache.pop(file, None)
        _loaded.pop(file, None)
