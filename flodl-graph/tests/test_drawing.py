"""Drawings: everything is on them, nothing overlaps, and nothing written in a graph gets out of them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import torch
from attrs import frozen
from flodl_core import UsageError
from flodl_core.where import Where
from flodl_graph import AbstractNode, FlowBuilder, Graph, Link, Part, Sketch
from flodl_graph.ir.graph import GraphIR
from flodl_graph.render.arrange import arrange
from flodl_graph.render.compose import Known, compose
from flodl_graph.render.drawing import Box, Edge
from flodl_graph.render.measure import lines
from flodl_graph.words.through import Through
from hypothesis import HealthCheck, Phase, given, settings
from random_flows import flows
from torch import nn
from zoo import SHAPES, ZOO

SVG = "{http://www.w3.org/2000/svg}"


def drawn(graph: Graph, depth: int | None = None) -> Box:
    top = compose(graph, graph.ir, Known(depth=depth))
    arrange(top)
    return top


def frames(top: Box) -> Iterator[Box]:
    """Every frame, the whole drawing first."""
    yield top
    for box in top.boxes:
        if box.boxes:
            yield from frames(box)


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


def node_paths(graph: Graph) -> set[str]:
    return {prefix + node.name for prefix, inner in graph._family() for node in inner.ir.nodes}


def drawn_paths(graph: Graph) -> set[str]:
    root = ElementTree.fromstring(graph.svg())
    return {element.attrib["data-path"] for element in root.iter() if "data-path" in element.attrib}


@pytest.mark.parametrize("name", ZOO)
def test_every_node_is_drawn(name: str) -> None:
    """Each path that is a node, of nested graphs too, is the `data-path` of something."""
    graph = ZOO[name]()
    assert node_paths(graph) <= drawn_paths(graph)


@pytest.mark.parametrize("name", ZOO)
def test_texts_fit_their_boxes(name: str) -> None:
    """No line is wider than the box it stands in; a frame's own text ends before the stream that passes it."""
    for frame in frames(drawn(ZOO[name]())):
        for box in frame.boxes:
            room = box.anchor - 12 if box.role == "frame" else box.width
            if box.framed and box.role not in ("port", "exit"):
                assert max(line.width for line in lines(box)) <= room


def test_the_drawing_says_what_a_part_is() -> None:
    """Class and unusual arguments, parameters, what is frozen, names of references and of further outputs."""
    text = ZOO["nested"]().svg()
    assert ">Linear(8, 8)<" in text
    assert ">72 parameters, frozen<" in text
    assert ">184 parameters, 72 frozen<" in text
    assert {"skip", "early"} <= set(re.findall(">([a-z]+)</text>", text))
    assert 'class="node weights frozen"' in text
    text = ZOO["attention"]().svg()
    assert ">context<" in text
    assert ">high<" in text


def test_state_is_drawn_as_state() -> None:
    """What the call before left comes back up, dashed."""
    top = drawn(ZOO["memory"]())
    states = [edge for edge in top.edges if edge.kind == "state"]
    assert [("slow", "state_add_1"), ("slower", "state_add_2")] == [(e.source.path, e.target.path) for e in states]
    assert all(edge.points[0][1] > edge.points[-1][1] for edge in states)


def test_folding() -> None:
    """`depth` says how many levels are unfolded; what is folded has a second outline."""
    graph = ZOO["experts"]()
    assert "blended.experts.0.gate_1.router" in drawn_paths(graph)
    assert 'data-path="blended.experts.0.gate_1.router"' not in graph.svg(depth=2)
    assert 'data-path="blended.experts.0.gate_1"' in graph.svg(depth=2)
    folded = ElementTree.fromstring(graph.svg(depth=0))
    group = next(element for element in folded.iter(f"{SVG}g") if element.attrib["class"].startswith("node route"))
    assert 2 == len([child for child in group if child.attrib.get("class") == "outline"])


def test_shapes_after_check_and_after_a_call() -> None:
    """Values have shapes once they are known: all after `check`, tagged ones after a call."""
    graph = FlowBuilder("linear", 4, 8).tag("h").through("gelu").build()
    assert "f32" not in graph.svg()
    graph(torch.zeros(3, 4))
    assert ["f32[3,8]"] == shapes_on(graph)
    graph.check("f32[B,4]")
    assert ["f32[B,4]", "f32[B,8]", "f32[B,8]"] == shapes_on(graph)


def shapes_on(graph: Graph) -> list[str | None]:
    root = ElementTree.fromstring(graph.svg())
    return [element.text for element in root.iter(f"{SVG}text") if element.attrib["class"] == "shape"]


def test_the_file_is_self_contained(tmp_path: Path) -> None:
    """One well-formed file with a title, no script, nothing fetched, and both themes inside."""
    file = tmp_path / "graph.svg"
    text = ZOO["chain"]().svg(file)
    assert text == file.read_text(encoding="utf-8")
    root = ElementTree.parse(file).getroot()
    assert ("img", "model: 2.7K parameters") == (root.attrib["role"], root.attrib["aria-label"])
    assert "model: 2.7K parameters" == root.findtext(f"{SVG}title")
    assert "prefers-color-scheme: dark" in text
    assert not re.search(r"<script|href|url\(|@import|http(?!://www.w3.org/2000/svg)", text)
    rules = re.findall(r"^\S.*\{", root.findtext(f"{SVG}style") or "", re.MULTILINE)
    assert len(rules) > 20
    assert [] == [rule for rule in rules if ".flodl-graph" not in rule]


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    """It is told with its name."""
    with pytest.raises(UsageError, match="the drawing cannot be written: No such file or directory"):
        ZOO["mlp"]().svg(tmp_path / "missing" / "graph.svg")


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'/><svg onload=alert(1)>",
    "]]></style><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "&lt;script&gt;",
    "\x00\x08\x1b\ufffe",
    'label"]; evil [label="',
    "back\\",
    "\n}\nnode [",
    "‮gnp.exe",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_written_in_a_graph_gets_out(text: str) -> None:
    """Whatever a class, a function or a third-party word is called, it is text: in SVG and in DOT."""
    component = type(text.replace("\x00", ""), (nn.Identity,), {"extra_repr": lambda self: text})()

    @frozen(kw_only=True)
    class Odd(AbstractNode):
        word = "odd"

        @classmethod
        def from_words(cls, body: Part) -> tuple[dict[str, Any], Part]:
            return {}, nn.ModuleDict({"body": body})

        def sketch(self, part: Part) -> Sketch:
            inner = (Sketch(text, name="body"), Sketch(text, name=text))
            return Sketch(text, text, text, inner, (Link("", "body"), Link("body", text), Link(text, "")))  # type: ignore[arg-type]

    graph = FlowBuilder(component).through(component).label("net").build()
    node = Odd(name="odd_1", streams=("x",), where=Where("here"))
    part = nn.ModuleDict({"body": component})
    odd = Graph(GraphIR(inputs=("x",), nodes=(node,), output="odd_1"), {"odd_1": part})
    harmless = {"svg", "title", "style", "rect", "g", "path", "circle", "text"}
    for each in (graph, odd):
        for depth in (None, 0):
            root = ElementTree.fromstring(each.svg(depth=depth))
            assert {element.tag.removeprefix(SVG) for element in root.iter()} <= harmless
            assert not [name for element in root.iter() for name in element.attrib if name.startswith("on")]
            parse_dot(each.dot(depth=depth))


def test_same_bytes_in_every_process() -> None:
    """Neither the order of sets nor addresses in memory show."""
    script = "import sys; sys.path.insert(0, sys.argv[1]); import conftest; conftest.pytest_configure()\n"
    script += "from zoo import ZOO; g = [make() for make in ZOO.values()]; print(*[x.svg() + x.dot() for x in g])"
    folder = Path(__file__).parent
    found = {
        subprocess.run(
            [sys.executable, "-c", script, str(folder)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert 1 == len(found)


@pytest.mark.parametrize("name", ZOO)
def test_dot_is_dot(name: str) -> None:
    """A parser of the language reads it, Graphviz's own where it is installed; it has the drawing's boxes."""
    graph = ZOO[name]()
    text = graph.dot()
    nodes, arrows, paths = parse_dot(text)
    assert node_paths(graph) <= paths
    assert {end for arrow in arrows for end in arrow} <= nodes
    if dot := shutil.which("dot"):
        done = subprocess.run([dot, "-Tplain"], input=text, capture_output=True, text=True)
        assert (0, "") == (done.returncode, done.stderr)


TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|->|[\w.#]+|[{}\[\];=,])')


def parse_dot(text: str) -> tuple[set[str], list[tuple[str, str]], set[str]]:
    """Nodes, arrows and paths of a DOT file. Raises AssertionError where it is none."""
    tokens, position, text = [], 0, text.rstrip()
    while position < len(text):
        match = TOKEN.match(text, position)
        assert match, text[position : position + 40]
        tokens.append(match[1])
        position = match.end()
    assert "digraph" == tokens[0]
    nodes: set[str] = set()
    arrows: list[tuple[str, str]] = []
    paths: set[str] = set()
    depth = 0
    for before, token, after in zip(["", *tokens], tokens, [*tokens[1:], ""], strict=False):
        depth += (token in "{[") - (token in "}]")
        assert depth >= 0
        if token == "->":
            arrows.append((before, after))
        elif after == "[" and token not in ("node", "edge", "graph") and before != "->":
            nodes.add(token)
        if before == "=" and token.startswith('"'):
            paths.add(token[1:-1])
    assert 0 == depth
    return nodes, arrows, paths


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


def test_the_same_module_twice_is_drawn_twice() -> None:
    """Both places, each under its own path."""
    assert {"linear_1", "linear_2", "relu_1"} <= drawn_paths(ZOO["tied"]())


def test_a_third_party_word_needs_no_renderer() -> None:
    """A sketch is all it takes, and unknown shapes and tones are plain boxes."""

    @frozen(kw_only=True)
    class Highway(AbstractNode):
        word = "highway"

        @classmethod
        def from_words(cls, body: Part) -> tuple[dict[str, Any], Part]:
            return {}, body

        def sketch(self, part: Part) -> Sketch:
            return Sketch("highway", "house", "shiny")  # type: ignore[arg-type]

    node = Highway(name="h", streams=("x",), where=Where("here"))
    text = Graph(GraphIR(inputs=("x",), nodes=(node,), output="h"), {"h": nn.Linear(2, 2)}).svg()
    assert ">highway<" in text


@pytest.mark.parametrize("name", ZOO)
def test_golden(name: str, golden: Any) -> None:
    """The drawings of the zoo are what they were: `pytest flodl-graph/tests --renew-golden` after a change."""
    graph = ZOO[name]()
    if name in SHAPES:
        graph.check(**SHAPES[name])
    golden(f"{name}.svg", graph.svg())
    golden(f"{name}.dot", graph.dot())


@pytest.mark.parametrize("depth", [-1, "1", 1.5])
def test_a_depth_is_a_number_of_levels(depth: object) -> None:
    """In every drawing and table."""
    graph = FlowBuilder("tanh").build()
    for show in (graph.svg, graph.dot, graph.summary):
        with pytest.raises(UsageError, match="depth is a number of levels"):
            show(depth=depth)
