"""Where things are on a drawing: apart from each other, inside their frames, edges clear of both."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from drawings import drawn, drawn_paths, frames, node_paths
from flodl_core.where import Where
from flodl_graph import FlowBuilder, Graph
from flodl_graph.ir.graph import GraphIR
from flodl_graph.render.drawing import Box, Edge
from flodl_graph.render.measure import lines
from flodl_graph.words.through import Through
from hypothesis import HealthCheck, Phase, given, settings
from random_flows import flows
from torch import nn
from zoo import ZOO


def inside(inner: Box, outer: Box) -> bool:
    return (
        outer.x - 0.2 <= inner.x
        and inner.x + inner.width <= outer.x + outer.width + 0.2
        and outer.y - 0.2 <= inner.y
        and inner.bottom <= outer.bottom + 0.2
    )


def overlap(one: Box, other: Box) -> bool:
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.bottom, other.bottom) - max(one.y, other.y)
    return across > 0.2 and down > 0.2


def bezier(start: Any, one: Any, two: Any, end: Any, t: float) -> tuple[float, float]:
    weights = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3)
    x, y = (sum(w * p[axis] for w, p in zip(weights, (start, one, two, end), strict=True)) for axis in (0, 1))
    return x, y


def along(edge: Edge) -> list[tuple[float, float]]:
    """Points along the curve of an edge."""
    points = edge.points
    return [
        bezier(*points[start : start + 4], step / 12) for start in range(0, len(points) - 1, 3) for step in range(13)
    ]


def check_places(top: Box) -> None:
    """The rules of every drawing."""
    for frame in frames(top):
        for box in frame.boxes:
            assert inside(box, frame), (box.path, frame.path)
        solid = [box for box in frame.boxes if box.width]
        for one, other in combinations(solid, 2):
            assert not overlap(one, other), (one.path, other.path)
        for edge in frame.edges:
            check_edge(edge, solid)


def check_edge(edge: Edge, solid: list[Box]) -> None:
    """It leaves the lower side of its source, meets the upper side of its target, and crosses no box."""
    (x, y), (to_x, to_y) = edge.points[0], edge.points[-1]
    for box, px, py, side in ((edge.source, x, y, edge.source.bottom), (edge.target, to_x, to_y, edge.target.y)):
        assert box.x - 0.2 <= px <= box.x + box.width + 0.2
        assert abs(py - side) <= (box.height / 2 if box.shape == "circle" else 0.2)
    for px, py in along(edge):
        for box in solid:
            hit = box.x + 0.5 < px < box.x + box.width - 0.5 and box.y + 0.5 < py < box.bottom - 0.5
            assert not hit or box.shape == "circle", (edge.value, box.path)


@pytest.mark.parametrize("name", ZOO)
@pytest.mark.parametrize("depth", [None, 0, 1])
def test_nothing_overlaps(name: str, depth: int | None) -> None:
    """Boxes keep clear of each other, stay in their frames; edges go from box to box and cross none."""
    check_places(drawn(ZOO[name](), depth))


@settings(
    max_examples=60, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(flows())
def test_nothing_overlaps_in_random_graphs(builder: FlowBuilder) -> None:
    """The same for whatever the words allow."""
    graph = builder.build()
    check_places(drawn(graph))
    assert node_paths(graph) <= drawn_paths(graph)


@pytest.mark.parametrize("name", ZOO)
def test_texts_fit_their_boxes(name: str) -> None:
    """No line is wider than the box it stands in; a frame's own text ends before the stream that passes it."""
    for frame in frames(drawn(ZOO[name]())):
        for box in frame.boxes:
            room = box.anchor - 12 if box.role == "frame" else box.width
            if box.framed and box.role not in ("port", "exit"):
                assert max(line.width for line in lines(box)) <= room


def chained(nodes: int) -> Graph:
    flow = FlowBuilder("tanh")
    for number in range(nodes // 4):
        flow = flow.through("relu").also("tanh").tag(f"t{number}").through("relu")
        flow = flow.merge("add").using(f"t{max(0, number - 40)}")
    return flow.build()


def test_ten_thousand_nodes() -> None:
    """Neither rows nor long edges nor states recurse; all is drawn."""
    count, part = 10_000, nn.Tanh()
    streams = [("x",), *((f"n{number}",) for number in range(count - 1))]
    nodes = [Through(name=f"n{n}", streams=stream, where=Where("here")) for n, stream in enumerate(streams)]
    ir = GraphIR(inputs=("x",), nodes=tuple(nodes), output=nodes[-1].name)
    top = drawn(Graph(ir, {node.name: part for node in nodes}))
    assert count + 2 == len(top.boxes)
    assert sorted(box.y for box in top.boxes) == [box.y for box in top.boxes]


def test_long_references_keep_clear() -> None:
    """Edges over very many rows run beside everything, side by side."""
    check_places(drawn(chained(240)))


def test_a_reference_comes_into_a_frame_above_its_reader() -> None:
    """The branches beside it stay around the stream, and the frame is no wider than they are."""
    flow = FlowBuilder("linear", 4, 8).tag("h").gate("softmax_router", ["gelu"] * 7, dim=8).using("h").tag("mix")
    gate = next(box for box in drawn(flow.build()).boxes if box.path == "mix")
    port = next(box for box in gate.boxes if box.role == "port" and box.title == "h")
    router = next(box for box in gate.boxes if box.title == "router")
    assert router.x <= port.x <= router.x + router.width
    branches = [box for box in gate.boxes if box.title]
    assert gate.width < sum(box.width + 40 for box in branches if box.width)
