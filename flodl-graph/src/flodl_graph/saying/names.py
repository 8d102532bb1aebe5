"""The words that name: they make no node, and say what values, inputs and the graph are called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flodl_core.where import caller

from flodl_graph.ir.steps import Input, Internal, Label
from flodl_graph.saying.chain import AbstractChain
from flodl_graph.saying.named import at_step, name_of, tag_step, using_step

if TYPE_CHECKING:
    from flodl_graph.builder import FlowBuilder


class AbstractNames(AbstractChain):
    """A builder that gives names, and goes by them."""

    __slots__ = ()

    def using(self, *tags: str, **renamed: str | Sequence[str]) -> FlowBuilder:
        """Hand tagged values to the module written last: `using("h")` passes `h=`, `using(hx="h")` passes `hx=`.

        Several tags under one name arrive as a tuple: `using(hx=("h", "c"))`.
        """
        return self._then(using_step(tags, renamed))

    def tag(self, name: str | None = None, **ports: str) -> FlowBuilder:
        """Name the stream as it is here. The first tag also names the node, and so its path and its parameters.

        Args:
            name: The stream's name.
            ports: Names for further outputs of the module written last: `.tag("out", weights="w")`.
        """
        return self._then(tag_step(name, ports))

    def at(self, tag: str) -> FlowBuilder:
        """Let the stream go on from a tag or an input; what it was stays readable by its own tag."""
        return self._then(at_step(tag))

    def input(self, *names: str) -> FlowBuilder:
        """Further parameters of `forward`, after the stream; each is a tag too."""
        where = caller()
        return self._then(Input(names=tuple(name_of("input", name, where) for name in names), where=where))

    def label(self, name: str) -> FlowBuilder:
        """The graph's own name, which is its path inside another graph; said again, the last one counts."""
        where = caller()
        return self._then(Label(name=name_of("label", name, where), where=where))

    def internal(self, *tags: str) -> FlowBuilder:
        """Keep tags, or tag groups, to this graph: a graph around it can neither read them nor sees their paths.

        Tags that begin with an underscore are internal anyway.
        """
        where = caller()
        return self._then(Internal(names=tuple(name_of("internal", tag, where) for tag in tags), where=where))
