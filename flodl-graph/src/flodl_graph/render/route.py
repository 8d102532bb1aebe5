"""The curve of an edge: straight along a column, an S between rows, a U where it turns back.

Curves stay between the rows, where no box is; straight pieces stay in columns that are free.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import TypeAlias, final

from attrs import frozen

from flodl_graph.render.drawing import Box, Edge

Point: TypeAlias = tuple[float, float]


@final
@frozen
class Ends:
    """Where an edge leaves its source's lower side, and where it meets its target's upper side."""

    begin: float
    finish: float


@final
@frozen
class Way:
    """How an edge goes.

    Args:
        columns: One for each row between; a single number: beside everything.
        first: The row of its source.
        last: The row of its target.
    """

    columns: tuple[float, ...] | float
    ends: Ends
    first: int
    last: int


def route(edge: Edge, way: Way, tops: Sequence[float], bottoms: Sequence[float]) -> list[Point]:
    """The curve, as a start and then two controls and an end for each piece."""
    begin, finish = way.ends.begin, way.ends.finish
    start = (begin, _lower(edge.source, begin))
    points: list[Point] = [start]
    _line(points, (begin, bottoms[way.first]))
    if isinstance(way.columns, tuple):
        for row, column in enumerate(way.columns, start=way.first + 1):
            _bend(points, (column, tops[row]))
            _line(points, (column, bottoms[row]))
        _bend(points, (finish, tops[way.last]))
    elif way.first < way.last:
        _bend(points, (way.columns, tops[way.first + 1]))
        _line(points, (way.columns, bottoms[way.last - 1]))
        _bend(points, (finish, tops[way.last]))
    else:
        room = min(tops[way.first + 1] - bottoms[way.first], tops[way.last] - bottoms[way.last - 1]) * 0.85
        _turn(points, (way.columns, bottoms[way.first]), room)
        _line(points, (way.columns, tops[way.last]))
        _turn(points, (finish, tops[way.last]), -room)
    _line(points, (finish, _upper(edge.target, finish)))
    return points


def _line(points: list[Point], end: Point) -> None:
    start = points[-1]
    if abs(start[1] - end[1]) > 0.01 or abs(start[0] - end[0]) > 0.01:
        points += [start, end, end]


def _bend(points: list[Point], end: Point) -> None:
    """An S from a column to another, both ends vertical."""
    start = points[-1]
    middle = (start[1] + end[1]) / 2
    points += [(start[0], middle), (end[0], middle), end]


def _turn(points: list[Point], end: Point, depth: float) -> None:
    """A U from a column to another; `depth` is how far its controls are below."""
    start = points[-1]
    points += [(start[0], start[1] + depth), (end[0], end[1] + depth), end]


def _lower(box: Box, x: float) -> float:
    """The lower side of a box where x meets it."""
    return box.y + box.height / 2 + _half(box, x)


def _upper(box: Box, x: float) -> float:
    return box.y + box.height / 2 - _half(box, x)


def _half(box: Box, x: float) -> float:
    """Half the height of a box at x: less than its own beside the middle of a circle."""
    if box.shape != "circle" or box.role != "node" or box.title or box.width == 0:
        return box.height / 2
    away = min(abs(x - box.center) / (box.width / 2), 1.0)
    return box.height / 2 * sqrt(1 - away * away)
