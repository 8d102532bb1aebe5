"""A whole graph as frozen data."""

from __future__ import annotations

from typing import Any, final

from attrs import field, frozen

from flodl_graph.ir.node import AbstractNode, Value
from flodl_graph.ir.steps import Flow


@final
@frozen(kw_only=True)
class Carry:
    """A value that the next call reads: a reference written before its tag.

    Args:
        tag: The tag that is carried.
        value: What this call makes of it.
        before: The value that the call before left.
        zeros: Whether a reader needs zeros when there was no call before.
    """

    tag: str
    value: Value
    before: Value
    zeros: bool = False


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
        carries: Values that the next call reads.
        internal: Tags that nobody outside may read.
        label: The graph's own name.
        flow: The words it was made of, with `Live` in place of objects.
    """

    inputs: tuple[str, ...]
    nodes: tuple[AbstractNode, ...]
    output: Value
    tags: tuple[tuple[str, Value], ...] = ()
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()
    carries: tuple[Carry, ...] = ()
    internal: tuple[str, ...] = ()
    label: str | None = None
    flow: Flow = field(factory=Flow, eq=False, repr=False)

    def __deepcopy__(self, memo: dict[int, Any]) -> GraphIR:
        return self  # frozen through and through: a copy could never differ
