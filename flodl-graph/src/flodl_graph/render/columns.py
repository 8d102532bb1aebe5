"""Where along its row each place stands: the stream straight down, branches on both sides of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import final

from attrs import frozen

from flodl_graph.render.layers import Layers
from flodl_graph.render.settle import settle

APART = 18.0  # between boxes
_LANE = 6.0  # half the room of a passing edge
_HEIR, _BOX, _PASSING = 1e6, 1e3, 1.0  # how much a place insists on standing under what it reads


@final
@frozen
class Extent:
    """What a place takes to the left and to the right of its anchor."""

    left: float
    right: float


def columns(layers: Layers, extents: Sequence[Extent], aside: Collection[int], *, straight: bool) -> list[float]:
    """The anchor of each place.

    Args:
        extents: Of each box.
        aside: Boxes that stand beside the stream rather than in it.
        straight: Whether the stream must go out below where it came in.
    """
    passing = [Extent(_LANE, _LANE)] * (len(layers.rank) - layers.count)
    every = [*extents, *passing]
    followers = [place for place in aside if straight and layers.rank[place] == 0]
    weights = _weights(layers, aside, followers)
    x = [0.0] * len(every)
    for near, rows in (
        (layers.above, layers.rows),
        (layers.below, layers.rows[::-1]),
        (layers.above, layers.rows),
    ):
        for row in rows:
            wishes = [sum(x[n] for n in near[p]) / len(near[p]) if near[p] else x[p] for p in row]
            apart = [every[a].right + every[b].left + APART for a, b in pairwise(row)]
            for place, found in zip(row, settle(wishes, [weights[p] for p in row], apart), strict=True):
                x[place] = found
    if straight:
        _align_ends(layers, x)
    _straighten(layers, every, x)
    return x


def _align_ends(layers: Layers, x: list[float]) -> None:
    """The stream goes out below where it came in."""
    first, last = 0, layers.count - 1
    beside = [x[place] for place in layers.rows[0] if place != first]
    straight = layers.above[last] and layers.above[last][0] < layers.count
    if straight and all(x[last] + APART <= column for column in beside):
        x[first] = x[last]
    elif len(layers.rows[-1]) == 1:
        x[last] = x[first]


def _weights(layers: Layers, aside: Collection[int], followers: Collection[int]) -> list[float]:
    """The one box that continues a stream insists on standing under it; branches share the room.

    Args:
        followers: Points where a reference comes into a frame: these go where their reader is.
    """
    weights = [_BOX] * layers.count + [_PASSING] * (len(layers.rank) - layers.count)
    for place in range(layers.count):
        if place in followers:
            continue
        heirs = {p for p in layers.below[place] if p < layers.count and p not in aside}
        if len(heirs) == 1:
            weights[heirs.pop()] = _HEIR
    return weights


def _straighten(layers: Layers, every: Sequence[Extent], x: list[float]) -> None:
    """Give each passing edge one column, the outermost that it was pushed to, where that is free in all its rows."""
    beside: dict[int, tuple[int | None, int | None]] = {}
    for row in layers.rows:
        for index, place in enumerate(row):
            if place >= layers.count:
                left = row[index - 1] if index else None
                beside[place] = (left, row[index + 1] if index + 1 < len(row) else None)
    chains = [chain for chain in layers.passing if chain and len(chain) > 1]
    for outward in (max, min):
        for chain in sorted(chains, key=lambda chain: outward(x[p] for p in chain), reverse=outward is max):
            column = outward(x[place] for place in chain)
            if all(_free(place, column, beside[place], every, x) for place in chain):
                for place in chain:
                    x[place] = column


def _free(
    place: int, column: float, beside: tuple[int | None, int | None], every: Sequence[Extent], x: Sequence[float]
) -> bool:
    left, right = beside
    clear_left = left is None or x[left] + every[left].right + every[place].left <= column
    return clear_left and (right is None or column + every[place].right + every[right].left <= x[right])
