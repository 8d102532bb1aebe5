"""What a graph is, names aside, as text: two graphs of one text compute alike, given the same parameters."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping

from attrs import fields

from flodl_graph.ir.graph import GraphIR
from flodl_graph.ir.node import AbstractNode, Value

_COMMON = frozenset(field.name for field in fields(AbstractNode))


def structure(ir: GraphIR, parts: Mapping[str, str], keywords: Mapping[str, Collection[str]]) -> str:
    """One line per node, values numbered in the order they are made; a description of several lines is indented.

    Labels, tags and node names do not appear, so that giving or changing one changes nothing here.

    Args:
        parts: Node name to the description of its module.
        keywords: Node name to the arguments that its module knows by name. What is given to any other is
            given to a module that takes references under whatever name: there the order counts alone.
    """
    return "\n".join(_lines(ir, parts, keywords)) + "\n"


def digest(text: str) -> str:
    """The hash of a structure: SHA-256, 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def _lines(ir: GraphIR, parts: Mapping[str, str], keywords: Mapping[str, Collection[str]]) -> Iterator[str]:
    numbers = _numbers(ir)
    yield f"reads {', '.join(numbers[name] for name in ir.inputs)}"
    for node in ir.nodes:
        first, *further = parts[node.name].splitlines()
        yield f"{numbers[node.name]} = {_said(node, numbers, keywords[node.name])}: {first}"
        yield from (f"  {line}" for line in further)
    for carry in ir.carries:
        yield f"carries {numbers[carry.value]} to {numbers[carry.before]}"
    yield f"returns {numbers[ir.output]}"


def _numbers(ir: GraphIR) -> dict[Value, str]:
    """Value to what stands for it: `x0`, `c0`, `v0`, and `v0.weights` for a further output."""
    numbers = {name: f"x{index}" for index, name in enumerate(ir.inputs)}
    numbers |= {carry.before: f"c{index}" for index, carry in enumerate(ir.carries)}
    for index, node in enumerate(ir.nodes):
        numbers[node.name] = f"v{index}"
        numbers |= {value: f"v{index}.{port}" for port, value in node.taps}
    return numbers


def _said(node: AbstractNode, numbers: Mapping[Value, str], keywords: Collection[str]) -> str:
    """`gate(v0, context=v1)`, with the fields that the word added."""
    own = (field.name for field in fields(type(node)) if field.name not in _COMMON)
    reads = [numbers[value] for value in node.streams]
    reads += [f"{word if word in keywords else '*'}={numbers[value]}" for word, value in node.refs]
    return f"{node.word}({', '.join(reads)})" + "".join(f" {name}={getattr(node, name)!r}" for name in own)
