"""What is on a drawing: every part, what it is, and what is carried between calls."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
import torch
from attrs import frozen
from drawings import SVG, drawn, drawn_paths, node_paths
from flodl_core import UsageError
from flodl_core.where import Where
from flodl_graph import AbstractNode, FlowBuilder, Graph, Part, Sketch
from flodl_graph.ir.graph import GraphIR
from torch import nn
from zoo import SHAPES, ZOO


@pytest.mark.parametrize("name", ZOO)
def test_every_node_is_drawn(name: str) -> None:
    """Each path that is a node, of nested graphs too, is the `data-path` of something."""
    graph = ZOO[name]()
    assert node_paths(graph) <= drawn_paths(graph)


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
