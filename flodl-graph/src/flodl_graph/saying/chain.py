"""Steps one after the other, which never change: a shared beginning costs nothing."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING

from flodl_core import WordError
from flodl_core.where import caller

from flodl_graph.ir.steps import Flow, Step

if TYPE_CHECKING:
    from flodl_graph.builder import FlowBuilder


class AbstractChain(abc.ABC):
    """Steps so far, as a link to the chain before and one step."""

    __slots__ = ("_parent", "_step")

    _parent: AbstractChain | None
    _step: Step | None

    def __setattr__(self, name: str, value: object) -> None:
        raise never_changes(self)

    def _link(self, parent: AbstractChain | None, step: Step | None) -> None:
        object.__setattr__(self, "_parent", parent)
        object.__setattr__(self, "_step", step)

    def flow(self) -> Flow:
        """Everything said so far, as frozen data."""
        steps: list[Step] = []
        link: AbstractChain | None = self
        while link is not None:
            if link._step is not None:
                steps.append(link._step)
            link = link._parent
        return Flow(tuple(reversed(steps)))

    @abc.abstractmethod
    def _then(self, step: Step) -> FlowBuilder:
        """The builder with one more step."""


def never_changes(said: object) -> WordError:
    """What somebody is told who sets an attribute of what was said."""
    return WordError(f"a {type(said).__name__} never changes", where=caller(), mend="each word returns a new one")
