"""A graph as a table: each part, what it is, how many parameters it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from torch import nn

from flodl_graph.ir.graph import GraphIR
from flodl_graph.ir.node import AbstractNode

_WIDTH = 44  # of a module's description


def summary(ir: GraphIR, parts: Mapping[str, nn.Module], shapes: Mapping[str, str]) -> str:
    """The table as text: name, part, what it reads, parameters and how many of them train.

    A parameter that several parts share is counted where it comes first, and once in the total.
    """
    seen: set[int] = set()
    rows = [_row(node, parts[node.name], seen) for node in ir.nodes]
    every = {id(p): p for part in parts.values() for p in part.parameters()}.values()
    lines = _aligned([("name", "part", "reads", "parameters", "trainable"), *rows])
    rule = "-" * max(len(line) for line in lines)
    total = f"{_elements(every):,} parameters, {_elements(p for p in every if p.requires_grad):,} of them trainable"
    title = f"{ir.label or 'graph'}({', '.join(ir.inputs)})"
    return "\n".join([title, rule, lines[0], rule, *lines[1:], rule, total])


def _row(node: AbstractNode, part: nn.Module, seen: set[int]) -> tuple[str, ...]:
    own = [p for p in part.parameters() if id(p) not in seen]
    seen |= {id(p) for p in own}
    reads = ", ".join([*node.streams, *(f"{word}={value}" for word, value in node.refs)])
    trained = [p for p in own if p.requires_grad]
    return (node.name, _described(node, part), reads, f"{_elements(own):,}", f"{_elements(trained):,}")


def _described(node: AbstractNode, part: nn.Module) -> str:
    return node.expression(_short(repr(part), type(part).__name__), ("x",) * len(node.streams))


def _short(text: str, kind: str) -> str:
    """A module's repr on one line: what does not fit is cut off after an argument."""
    if "\n" in text:
        return f"{kind}(...)"
    if len(text) <= _WIDTH:
        return text
    whole = text[:_WIDTH].rpartition(", ")[0]
    return f"{whole}, ...)" if whole else f"{kind}(...)"


def _elements(parameters: Iterable[nn.Parameter]) -> int:
    return sum(p.numel() for p in parameters)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns of one width; the last two, which hold numbers, to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(_cell(row, column, widths) for column in range(len(row))).rstrip() for row in rows]


def _cell(row: Sequence[Any], column: int, widths: Sequence[int]) -> str:
    right = column >= len(row) - 2
    return f"{row[column]:>{widths[column]}}" if right else f"{row[column]:<{widths[column]}}"
