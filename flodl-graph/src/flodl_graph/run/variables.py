"""Which variable holds which value: the stream stays `x`, as a person would write it.

A value that a tag names, or that waits beside the stream, has a variable of its own; the stream
itself is rebound from line to line, which also frees each value as soon as the next one exists.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import count
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
        spare: A variable that holds no value: for what lives within one line.
    """

    names: Mapping[Value, str]
    ended: Mapping[str, tuple[str, ...]]
    spare: str


def allot(ir: GraphIR, kept: Collection[Value] = ()) -> Variables:
    """Give each value its variable.

    Args:
        kept: Values that must live to the end of the call.
    """
    last = _last_reads(ir, kept)
    ending: dict[int, list[Value]] = {}
    for value, index in last.items():
        ending.setdefault(index, []).append(value)
    own = {value for _, value in ir.tags}
    stream = ir.inputs[0]
    names: dict[Value, str] = {name: name for name in (*ir.inputs, *(carry.before for carry in ir.carries))}
    holder: Value | None = stream  # the value that the stream's variable holds now
    ended: dict[str, tuple[str, ...]] = {}
    for index, node in enumerate(ir.nodes):
        free = holder is None or last[holder] <= index
        rebinds = free and node.effect in ("advance", "join") and node.name not in own
        names |= {value: value for value in node.writes}
        if rebinds:
            names[node.name] = stream
        gone = [value for value in ending.get(index, ()) if not (rebinds and value == holder)]
        if index < len(ir.nodes) - 1:  # the return ends everything
            ended[node.name] = tuple(names[value] for value in gone if value not in ir.inputs)
        if rebinds:
            holder = node.name
        elif holder in gone:
            holder = None
    taken = set(names.values())
    spare = next(name for name in ("made" + "_" * number for number in count()) if name not in taken)
    return Variables(names, ended, spare)


def _last_reads(ir: GraphIR, kept: Collection[Value]) -> dict[Value, int]:
    """The index of the node that reads each value last; a value that is never read ends where it is made."""
    end = len(ir.nodes)
    last = dict.fromkeys((*ir.inputs, *(carry.before for carry in ir.carries)), -1)
    for index, node in enumerate(ir.nodes):
        last |= dict.fromkeys((*node.reads, *node.writes), index)
    return last | dict.fromkeys((ir.output, *(carry.value for carry in ir.carries), *kept), end)
