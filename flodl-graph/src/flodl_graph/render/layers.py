"""Which row each box stands in, and in which order: along the stream from top to bottom, with few crossings.

An edge that spans rows gets a place in each of them, so that nothing stands in its way; one that
spans very many, or leads back up, runs beside everything instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import final

from attrs import define, field, frozen

_LONGEST = 24  # rows that an edge may span among the boxes
_SWEEPS = 3  # down, up, down


@final
@frozen
class Arrow:
    """An edge, as far as rows go.

    Args:
        source: Number of a box.
        target: One that is not higher leads back up.
        stream: Whether the stream runs along it: what it leads to wants to stand below.
    """

    source: int
    target: int
    stream: bool = True


@final
@frozen
class Rows:
    """What is asked of the rows.

    Args:
        late: Boxes that come as late as what reads them allows: further inputs.
        last: Boxes of the last row: outputs.
        aside: Boxes that stand to the right of their neighbours, if nothing else decides.
        fixed: Whether the first row keeps its order.
    """

    late: frozenset[int] = frozenset()
    last: frozenset[int] = frozenset()
    aside: frozenset[int] = frozenset()
    fixed: bool = False


@final
@define(eq=False)
class Layers:
    """Places in rows. Places from `count` on are those of passing edges.

    Args:
        count: How many boxes there are.
        rank: The row of each place.
        rows: The places of each row, from left to right.
        above: For each place, the places that lead to it; a box names only boxes that the stream comes from, if any.
        below: The same for those it leads to.
        passing: For each edge, the places it passes through; None: it runs beside everything.
    """

    count: int
    rank: list[int]
    rows: list[list[int]] = field(factory=list)
    above: list[list[int]] = field(factory=list)
    below: list[list[int]] = field(factory=list)
    passing: list[list[int] | None] = field(factory=list)


def layered(count: int, arrows: Sequence[Arrow], asked: Rows) -> Layers:
    """Give every box its row, and every row its order.

    Args:
        count: Boxes, numbered along the stream; the first is where it comes in, the last where it goes out.
    """
    layers = Layers(count, _ranks(count, arrows, asked))
    layers.rows = [[] for _ in range(max(layers.rank) + 1)]
    for place in sorted(range(count), key=lambda place: place in asked.aside):
        layers.rows[layers.rank[place]].append(place)
    layers.above, layers.below = [[] for _ in range(count)], [[] for _ in range(count)]
    layers.passing = [_pass(layers, arrow) for arrow in arrows]
    kin = [arrow for arrow, passed in zip(arrows, layers.passing, strict=True) if arrow.stream and passed == []]
    for near, ends in (
        (layers.above, [(arrow.target, arrow.source) for arrow in kin]),
        (layers.below, [(arrow.source, arrow.target) for arrow in kin]),
    ):
        for place in {place for place, _ in ends}:
            near[place] = []
        for place, other in ends:
            near[place].append(other)
    _untangle(layers, asked.fixed)
    return layers


def _ranks(count: int, arrows: Sequence[Arrow], asked: Rows) -> list[int]:
    rank = [0] * count
    readers: list[list[int]] = [[] for _ in range(count)]
    for arrow in arrows:
        if arrow.source < arrow.target:
            readers[arrow.source].append(arrow.target)
    for place in range(count):
        for target in readers[place]:
            rank[target] = max(rank[target], rank[place] + 1)
    end = max((rank[place] for place in range(count) if place not in asked.last), default=0) + 1
    for place in asked.last:
        rank[place] = end
    for place in asked.late:
        rank[place] = max(min((rank[target] for target in readers[place]), default=1) - 1, 0)
    return rank


def _pass(layers: Layers, arrow: Arrow) -> list[int] | None:
    """Places for an edge in the rows between its ends."""
    source, target = arrow.source, arrow.target
    first, last = layers.rank[source], layers.rank[target]
    if source >= target or first >= last or last - first > _LONGEST:
        return None
    passed = list(range(len(layers.rank), len(layers.rank) + last - first - 1))
    for row, place in enumerate(passed, start=first + 1):
        layers.rank.append(row)
        layers.rows[row].append(place)
        layers.above.append([])
        layers.below.append([])
    for upper, lower in pairwise([source, *passed, target]):
        layers.below[upper].append(lower)
        layers.above[lower].append(upper)
    return passed


def _untangle(layers: Layers, fixed: bool) -> None:
    """Sort rows by where their neighbours stand."""
    position = [0.0] * len(layers.rank)
    rows = layers.rows
    for row in rows:
        _number(row, position)
    start = 1 if fixed else 0
    for sweep in range(_SWEEPS):
        downward = sweep % 2 == 0
        near = layers.above if downward else layers.below
        for row in rows[start:] if downward else reversed(rows[start:]):
            if len(row) > 1:
                keys = {p: sum(position[n] for n in near[p]) / len(near[p]) if near[p] else position[p] for p in row}
                row.sort(key=keys.__getitem__)
                _number(row, position)


def _number(row: list[int], position: list[float]) -> None:
    """Positions from -0.5 to 0.5, whatever the number of places: rows of one and of many have one middle."""
    for index, place in enumerate(row):
        position[place] = (index + 0.5) / len(row) - 0.5
