"""Columns beside everything, for edges that span very many rows or lead back up."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence

SPACING = 12.0


def lanes(spans: Sequence[tuple[int, int]], extents: Sequence[float]) -> list[float]:
    """How far out each edge runs, so that none meets a box or another edge.

    Args:
        spans: First and last row of each edge.
        extents: How far out the boxes of each row reach.
    """
    places = [0.0] * len(spans)
    for group in _overlapping(spans):
        first, last = min(spans[i][0] for i in group), max(spans[i][1] for i in group)
        reach = max(extents[first : last + 1])
        for index, lane in _coloured(group, spans):
            places[index] = reach + SPACING * (lane + 1)
    return places


def _overlapping(spans: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    """Edges in groups that share no row with another group."""
    group: list[int] = []
    last = -1
    for index in sorted(range(len(spans)), key=lambda index: spans[index]):
        if group and spans[index][0] > last:
            yield group
            group = []
        group.append(index)
        last = max(last, spans[index][1])
    if group:
        yield group


def _coloured(group: Sequence[int], spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The lowest free lane for each edge, short edges of a start first."""
    free: list[int] = []
    busy: list[tuple[int, int]] = []  # last row, lane
    lanes = 0
    for index in sorted(group, key=lambda index: (spans[index][0], spans[index][1])):
        while busy and busy[0][0] < spans[index][0]:
            heapq.heappush(free, heapq.heappop(busy)[1])
        if free:
            lane = heapq.heappop(free)
        else:
            lane, lanes = lanes, lanes + 1
        heapq.heappush(busy, (spans[index][1], lane))
        yield index, lane
