"""Give every box its place and every edge its curve: inside out, each frame by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import ceil
from typing import final

from attrs import define

from flodl_graph.render.columns import APART, Extent, columns
from flodl_graph.render.drawing import Box, Edge, Role
from flodl_graph.render.lanes import lanes
from flodl_graph.render.layers import Arrow, Layers, Rows, layered
from flodl_graph.render.letters import text_width
from flodl_graph.render.measure import PADDING, SIZES, lines, measure, slot_offsets, tap_offsets
from flodl_graph.render.route import Ends, Way, route

MARGIN = 14.0
_GAP, _WIDEST_GAP, _SLOPE = 30.0, 78.0, 0.16
_BARE_GAP = 14.0  # at the ends of boxes without a frame
_HEADER = 8.0  # above and below what a frame says


def arrange(top: Box) -> None:
    """Place everything in a drawing; its corner is at (0, 0)."""
    _size(top, outermost=True)
    _move(top, 0.0, 0.0)


def _size(box: Box, *, outermost: bool = False) -> None:
    """Measure a box; of one with boxes inside, these first, which are then placed from its corner."""
    if box.role != "frame":
        measure(box)
        return
    for inner in box.boxes:
        _size(inner)
    _Frame(box, outermost).fill()


def _move(box: Box, x: float, y: float) -> None:
    """From places relative to the frame's corner to places in the drawing."""
    box.x, box.y = x + box.x, y + box.y
    for edge in box.edges:
        edge.points = [(round(box.x + px, 2), round(box.y + py, 2)) for px, py in edge.points]
    for inner in box.boxes:
        _move(inner, box.x, box.y)


@final
@define(eq=False)
class _Frame:
    """The boxes of one frame, as they get their places."""

    box: Box
    outermost: bool

    def fill(self) -> None:
        boxes = self.box.boxes
        index = {id(box): number for number, box in enumerate(boxes)}
        edges = [(index[id(edge.source)], index[id(edge.target)]) for edge in self.box.edges]
        arrows = [Arrow(s, t, not edge.slot) for edge, (s, t) in zip(self.box.edges, edges, strict=True)]
        asked = _asked(boxes)
        layers = layered(len(boxes), arrows, asked)
        extents = [_extent(box) for box in boxes]
        x = columns(layers, extents, asked.aside, straight=not self.outermost)
        outside = self._outside(layers, edges, extents, x)
        ends = self._ends(layers, edges, x, outside)
        tops, bottoms = self._heights(layers, edges, x, ends, outside)
        self._place(layers, x, tops, bottoms)
        ways = [
            Way(self._passed(layers, number, edges[number], x, outside), ends[number], layers.rank[s], layers.rank[t])
            for number, (s, t) in enumerate(edges)
        ]
        for edge, way in zip(self.box.edges, ways, strict=True):
            edge.points = route(edge, way, tops, bottoms)
        self._close(x, extents, outside, bottoms[-1])

    def _outside(
        self, layers: Layers, edges: Sequence[tuple[int, int]], extents: Sequence[Extent], x: Sequence[float]
    ) -> dict[int, float]:
        """Columns of the edges that run beside everything: those that lead back on the left, long ones on the right."""
        left, right = [0.0] * len(layers.rows), [0.0] * len(layers.rows)
        for row, places in enumerate(layers.rows):
            left[row] = max(-(x[p] - (extents[p].left if p < layers.count else 0.0)) for p in places)
            right[row] = max(x[p] + (extents[p].right if p < layers.count else 0.0) for p in places)
        found: dict[int, float] = {}
        beside = [number for number, passed in enumerate(layers.passing) if passed is None]
        back = [number for number in beside if layers.rank[edges[number][0]] >= layers.rank[edges[number][1]]]
        for numbers, reach, sign in ((back, left, -1.0), ([n for n in beside if n not in set(back)], right, 1.0)):
            spans = [tuple(sorted((layers.rank[edges[n][0]], layers.rank[edges[n][1]]))) for n in numbers]
            for number, column in zip(numbers, lanes(spans, reach), strict=True):  # type: ignore[arg-type]
                found[number] = sign * column
        return found

    def _comes(
        self, layers: Layers, number: int, edge: tuple[int, int], x: Sequence[float], outside: dict[int, float]
    ) -> float:
        """The column that an edge comes down to its target from."""
        passed = layers.passing[number]
        return outside[number] if passed is None else x[passed[-1]] if passed else x[edge[0]]

    def _ends(
        self, layers: Layers, edges: Sequence[tuple[int, int]], x: Sequence[float], outside: dict[int, float]
    ) -> list[Ends]:
        """Where along its boxes' sides each edge begins and ends."""
        begins = [x[s] + self._tap(edge) for edge, (s, _) in zip(self.box.edges, edges, strict=True)]
        finishes = [x[t] for _, t in edges]
        self._order_slots(edges, begins, x, outside)
        streams: dict[int, list[int]] = {}
        for number, (edge, (_, target)) in enumerate(zip(self.box.edges, edges, strict=True)):
            if edge.slot:
                finishes[number] += _slots_of(edge.target)[edge.slot]
            else:
                streams.setdefault(target, []).append(number)
        for target, numbers in streams.items():
            spread = _spread(self.box.boxes[target], len(numbers))
            comes = {n: self._comes(layers, n, edges[n], x, outside) - x[target] for n in numbers}
            for number, offset in _fanned(comes, spread).items():
                finishes[number] = x[target] + offset
        return [Ends(begin, finish) for begin, finish in zip(begins, finishes, strict=True)]

    def _order_slots(
        self, edges: Sequence[tuple[int, int]], begins: Sequence[float], x: Sequence[float], outside: dict[int, float]
    ) -> None:
        """References go in on the side that they come from."""
        into: dict[int, list[int]] = {}
        for number, (edge, (_, target)) in enumerate(zip(self.box.edges, edges, strict=True)):
            if edge.slot and edge.target.role != "frame":
                into.setdefault(target, []).append(number)
        for target, numbers in into.items():
            box = self.box.boxes[target]
            numbers.sort(key=lambda number: outside.get(number, begins[number]))
            most = ceil(len(numbers) / 2)
            left = sum(outside.get(number, begins[number]) < x[target] - 1 for number in numbers)
            box.slots = tuple(self.box.edges[number].slot for number in numbers)
            box.leftward = min(max(left, len(numbers) - most), most)

    def _tap(self, edge: Edge) -> float:
        return _taps_of(edge.source)[edge.tap]

    def _heights(
        self,
        layers: Layers,
        edges: Sequence[tuple[int, int]],
        x: Sequence[float],
        ends: Sequence[Ends],
        outside: dict[int, float],
    ) -> tuple[list[float], list[float]]:
        """Top and bottom of each row; between rows there is room for the curves."""
        across = [0.0] * len(layers.rows)  # the widest curve below each row
        for number, (s, t) in enumerate(edges):
            first, last = layers.rank[s], layers.rank[t]
            if number in outside:
                across[first] = max(across[first], abs(outside[number] - ends[number].begin))
                above = max(last - 1, 0)
                across[above] = max(across[above], abs(outside[number] - ends[number].finish))
                continue
            places = [ends[number].begin, *(x[p] for p in layers.passing[number] or ()), ends[number].finish]
            for row, (a, b) in enumerate(pairwise(places), start=first):
                across[row] = max(across[row], abs(a - b))
        tops, bottoms, y = [], [], self._above()
        for row, places_of_row in enumerate(layers.rows):
            tall = max((self.box.boxes[p].height for p in places_of_row if p < layers.count), default=0.0)
            tops.append(y)
            tall += _header(self.box) if row == 0 and self.box.framed else 0.0  # the stream passes it straight
            bottoms.append(y + tall)
            y += tall + self._gap(across[row], row, len(layers.rows))
        return tops, bottoms

    def _gap(self, across: float, row: int, rows: int) -> float:
        at_end = row == 0 or row == rows - 2
        least = _BARE_GAP if at_end and not self.box.framed and not self.outermost else _GAP
        gap = min(max(least, 20.0 + _SLOPE * across if across > 1.0 else least), _WIDEST_GAP)
        if row == rows - 2 and self.box.framed and self.box.taps:
            gap += 12.0
        return gap

    def _above(self) -> float:
        return MARGIN if self.outermost else 0.0

    def _place(self, layers: Layers, x: Sequence[float], tops: Sequence[float], bottoms: Sequence[float]) -> None:
        for number, box in enumerate(self.box.boxes):
            row = layers.rank[number]
            box.x = x[number] - box.anchor
            box.y = tops[row] if row == 0 else (tops[row] + bottoms[row] - box.height) / 2

    def _passed(
        self, layers: Layers, number: int, edge: tuple[int, int], x: Sequence[float], outside: dict[int, float]
    ) -> tuple[float, ...] | float:
        passed = layers.passing[number]
        return outside[number] if passed is None else tuple(x[place] for place in passed)

    def _close(self, x: Sequence[float], extents: Sequence[Extent], outside: dict[int, float], bottom: float) -> None:
        """Set the frame's own size, and shift what is inside to its corner."""
        box, anchor = self.box, x[0]
        beyond = [*outside.values(), *(px for edge in box.edges for px, _ in edge.points)]
        left = min([*(x[n] - extents[n].left for n in range(len(extents))), *(value - 4 for value in beyond)])
        right = max([*(x[n] + extents[n].right for n in range(len(extents))), *(value + 4 for value in beyond)])
        pad = MARGIN if box.framed or self.outermost else 0.0
        left, right = anchor - left + pad, right - anchor + pad
        if box.framed:
            left = max(left, _header_width(box) + PADDING + 10.0)
        box.anchor, box.width = round(left, 1), round(left + right, 1)
        box.height = round(bottom + (MARGIN if self.outermost else 0.0), 1)
        shift = box.anchor - anchor
        for inner in box.boxes:
            inner.x += shift
        for edge in box.edges:
            edge.points = [(px + shift, py) for px, py in edge.points]


def _asked(boxes: Sequence[Box]) -> Rows:
    numbered = list(enumerate(boxes))
    late = frozenset(number for number, box in numbered if box.role == "input" and number)
    return Rows(
        late=late,
        last=frozenset(number for number, box in numbered if box.role in ("exit", "output")),
        aside=late | {number for number, box in numbered if box.side or (box.role in ("port", "exit") and box.title)},
        fixed=not late,
    )


def _slots_of(box: Box) -> dict[str, float]:
    """Where each reference enters a box, from its anchor."""
    return _points(box, "port") if box.role == "frame" else dict(zip(box.slots, slot_offsets(box), strict=True))


def _taps_of(box: Box) -> dict[str, float]:
    """Where each further output leaves a box, from its anchor."""
    return _points(box, "exit") if box.role == "frame" else {"": 0.0, **tap_offsets(box)}


def _points(frame: Box, role: Role) -> dict[str, float]:
    return {point.title: point.x - frame.anchor for point in frame.boxes if point.role == role}


def _extent(box: Box) -> Extent:
    label = text_width(box.title, SIZES["label"]) + 8.0 if box.role in ("port", "exit") and box.title else 0.0
    return Extent(box.anchor, max(box.width - box.anchor, label - APART / 2))


def _spread(box: Box, count: int) -> float:
    """How far apart several streams enter a box."""
    return min(12.0, box.width * 0.5 / count) if count > 1 and box.role not in ("port", "exit", "frame") else 0.0


def _fanned(comes: Mapping[int, float], spread: float) -> dict[int, float]:
    """Offsets for streams that enter one box, by where they come from; one from straight above goes straight in."""
    ordered = sorted(comes, key=lambda number: (comes[number], number))
    middle = [place for place, number in enumerate(ordered) if abs(comes[number]) < 1.0]
    center = middle[0] if len(middle) == 1 else (len(ordered) - 1) / 2
    return {number: (place - center) * spread for place, number in enumerate(ordered)}


def _header(box: Box) -> float:
    return sum(line.height for line in lines(box)) + _HEADER


def _header_width(box: Box) -> float:
    return max((line.width for line in lines(box)), default=0.0)
