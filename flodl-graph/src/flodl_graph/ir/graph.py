"""A whole graph as frozen data."""

from __future__ import annotations

from typing import Any, final

from attrs import field, frozen

from flodl_graph.ir.node import AbstractNode, Value
from flodl_graph.ir.steps import Flow


@final
@frozen(kw_only=True)
class GraphIR:
    """A graph: what it reads, its nodes in order, what it returns.

    Args:
        inputs: Parameters of `forward`, the stream first.
        nodes: In the order of the words, which is the order of execution.
        output: The value returned.
        tags: Tag and value, in the order of tagging.
        groups: Tag group and its tags.
        label: The graph's own name.
        flow: The words it was made of, when all of them are references and plain data.
    """

    inputs: tuple[str, ...]
    nodes: tuple[AbstractNode, ...]
    output: Value
    tags: tuple[tuple[str, Value], ...] = ()
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()
    label: str | None = None
    flow: Flow | None = field(default=None, eq=False, repr=False)

    def __deepcopy__(self, memo: dict[int, Any]) -> GraphIR:
        return self  # frozen through and through: a copy could never differ

    def named(self, value: Value) -> tuple[str, ...]:
        """The tags of a value."""
        return tuple(tag for tag, tagged in self.tags if tagged == value)
