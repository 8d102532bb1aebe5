"""A graph as a table: each part, what it is, what it reads and makes, how many parameters it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from torch import nn

from flodl_graph.ir.graph import GraphIR
from flodl_graph.ir.node import AbstractNode
from flodl_graph.render.drawing import Box

_HEAD = ("name", "part", "reads", "makes", "parameters", "trainable")
_NUMBERS = 2  # the last columns


def summary(ir: GraphIR, parts: Mapping[str, nn.Module], top: Box) -> str:
    """The table as text. What is inside a part is below it, indented, as far as the drawing is unfolded.

    A parameter that several parts share is counted where it comes first, and once in the total.
    """
    boxes = {box.path: box for box in top.boxes if box.role in ("node", "frame")}
    seen: set[int] = set()
    rows = [row for node in ir.nodes for row in _rows(node, parts[node.name], boxes[node.name], seen)]
    every = {id(p): p for part in parts.values() for p in part.parameters()}.values()
    lines = _aligned(_without_empty([_HEAD, *rows]))
    rule = "-" * max(len(line) for line in lines)
    total = f"{_elements(every):,} parameters, {_elements(p for p in every if p.requires_grad):,} of them trainable"
    title = f"{ir.label or 'graph'}({', '.join(ir.inputs)})"
    return "\n".join([title, rule, lines[0], rule, *lines[1:], rule, total])


def _rows(node: AbstractNode, part: nn.Module, box: Box, seen: set[int]) -> Iterator[tuple[str, ...]]:
    own = [p for p in part.parameters() if id(p) not in seen]
    seen |= {id(p) for p in own}
    reads = ", ".join([*node.streams, *(f"{word}={value}" for word, value in node.refs)])
    trained = _elements(p for p in own if p.requires_grad)
    described = node.expression(_described(box), ("x",) * len(node.streams))
    yield (node.name, described, reads, box.shapes, f"{_elements(own):,}", f"{trained:,}")
    yield from _inside(box, 1)


def _inside(outer: Box, depth: int) -> Iterator[tuple[str, ...]]:
    """A row for each module inside a frame."""
    for box in outer.boxes:
        if box.role not in ("node", "frame") or not box.title:
            continue
        if box.path == outer.path:  # a module without a frame: what is inside it stands for it
            yield from _inside(box, depth)
            continue
        weight = box.weight
        counts = (f"{weight.parameters:,}", f"{weight.trainable:,}")
        yield ("  " * depth + box.title, _described(box), "", box.shapes, *counts)
        yield from _inside(box, depth + 1)


def _described(box: Box) -> str:
    """What a part is; one that is drawn without a frame: what the module in it is."""
    if box.framed:
        return box.text
    return next((inner.text for inner in box.boxes if inner.title and inner.path == box.path), box.text)


def _elements(parameters: Iterable[nn.Parameter]) -> int:
    return sum(p.numel() for p in parameters)


def _without_empty(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """The rows without columns in which only the head says something: shapes that nobody knows yet."""
    kept = [column for column in range(len(rows[0])) if any(row[column] for row in rows[1:]) or column == 0]
    return [[row[column] for column in kept] for row in rows]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns of one width; the last ones, which hold numbers, to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(_cell(row, column, widths) for column in range(len(row))).rstrip() for row in rows]


def _cell(row: Sequence[str], column: int, widths: Sequence[int]) -> str:
    right = column >= len(row) - _NUMBERS
    return f"{row[column]:>{widths[column]}}" if right else f"{row[column]:<{widths[column]}}"
