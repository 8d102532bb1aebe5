"""Which variable holds which value: the stream stays `x`, as a person would write it.

A value that a tag names, or that waits beside the stream, has a variable of its own; the stream
itself is rebound from line to line, which also frees each value as soon as the next one exists.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import final

from attrs import frozen

from flodl_graph.ir.graph import GraphIR
from flodl_graph.ir.node import Value


@final
@frozen
class Variables:
    """The variable of each value, and which variables end after each node.

    Inputs never end: whoever called still holds them.

    Args:
        names: Value to variable.
        ended: Node name to the variables that nothing reads after it, in the order they were made.
    """

    names: Mapping[Value, str]
    ended: Mapping[str, tuple[str, ...]]


def allot(ir: GraphIR, kept: Collection[Value] = ()) -> Variables:
    """Give each value its variable.

    Args:
        kept: Values that must live to the end of the call.
    """
    last = _last_reads(ir, kept)
    going: dict[int, list[Value]] = {}
    for value, index in last.items():
        going.setdefault(index, []).append(value)
    stream = ir.inputs[0]
    names: dict[Value, str] = {name: name for name in ir.inputs}
    holder: Value | None = stream  # the value that the stream's variable holds now
    ended: dict[str, tuple[str, ...]] = {}
    for index, node in enumerate(ir.nodes):
        free = holder is None or last[holder] <= index
        rebinds = free and node.effect != "branch" and not ir.named(node.name)
        names[node.name] = stream if rebinds else node.name
        gone = [value for value in going.get(index, ()) if not (rebinds and value == holder)]
        if index < len(ir.nodes) - 1:  # the return ends everything
            ended[node.name] = tuple(names[value] for value in gone if value not in ir.inputs and value != node.name)
        if rebinds:
            holder = node.name
        elif holder in gone:
            holder = None
    return Variables(names, ended)


def _last_reads(ir: GraphIR, kept: Collection[Value]) -> dict[Value, int]:
    """The index of the node that reads each value last; values that are never read end where they are made."""
    end = len(ir.nodes)
    last = dict.fromkeys(ir.inputs, -1) | {node.name: index for index, node in enumerate(ir.nodes)}
    for index, node in enumerate(ir.nodes):
        last |= dict.fromkeys(node.reads, index)
    return last | dict.fromkeys((ir.output, *kept), end)
