"""One call at a time: a graph that carries state has one state, and two threads would mix theirs in it."""

from __future__ import annotations

import threading
from typing import Protocol, final

import torch
from flodl_core import TrainingError


class Taken(Protocol):
    """A graph, as far as who runs it goes."""

    _caller_lock: threading.RLock
    label: str | None


@final
class alone:  # noqa: N801 - stands in a graph's source as a word
    """A block that one thread at a time runs for a graph; the same thread may run it again inside.

    Raises:
        TrainingError: Another thread is in it.
    """

    __slots__ = ("_graph", "_held")

    def __init__(self, graph: Taken) -> None:
        self._graph, self._held = graph, False

    def __enter__(self) -> None:
        if torch.compiler.is_compiling():  # a compiled program has no threads to look at
            return
        if not self._graph._caller_lock.acquire(blocking=False):
            raise TrainingError(
                f"graph {self._graph.label or 'without a label'} carries state from call to call, "
                "and another thread is calling it",
                mend="a copy.deepcopy(graph) for each thread, or a lock around the calls",
            )
        self._held = True

    def __exit__(self, *raised: object) -> None:
        if self._held:
            self._graph._caller_lock.release()
