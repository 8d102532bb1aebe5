"""Tagged values of the last call."""

from __future__ import annotations

import pytest
import torch
from flodl_core import PathError
from flodl_graph import FlowBuilder, Graph


@pytest.fixture
def graph() -> Graph:
    inner = FlowBuilder("linear", 2, 3).tag("hidden").through("tanh").label("encoder").build()
    return FlowBuilder(inner).through("linear", 3, 1).tag("out").tag("again").build()


def test_tagged_values_stay_until_the_next_call(graph: Graph) -> None:
    """Under every tag, with the gradient, by dotted path through nested graphs."""
    x = torch.randn(4, 2)
    y = graph(x)
    assert graph.tagged("out") is y
    assert graph.tagged("again") is y
    assert torch.equal(graph.encoder.hidden(x), graph.tagged("encoder.hidden"))
    assert graph.tagged("encoder.hidden").requires_grad
    assert graph(x) is graph.tagged("out")


def test_observe_narrows(graph: Graph) -> None:
    """What is not observed is freed; observing nothing keeps nothing."""
    graph.observe("out")
    graph(torch.randn(4, 2))
    assert (4, 1) == tuple(graph.tagged("out").shape)
    with pytest.raises(PathError, match="tag 'again' is not observed"):
        graph.tagged("again")
    graph.observe()
    assert "keep(" not in graph.code


def test_observe_narrows_groups_and_nested_graphs(graph: Graph) -> None:
    """A tag group is its members; a dotted path speaks of the graph that it leads to, and of no other."""
    encoder = graph.encoder
    heads = FlowBuilder(encoder).split("tanh", "relu").tag_group("head").merge("add").tag("sum").build()
    x = torch.randn(4, 2)
    heads.observe("head")
    heads(x)
    assert {"head_0", "head_1"} == heads.kept.keys()
    assert {"hidden"} == encoder.kept.keys()
    wide = FlowBuilder("linear", 2, 2).tag("a").through("tanh").tag("b").label("wide").build()
    outer = FlowBuilder(wide).through("relu").tag("c").build()
    outer.observe("wide.b")
    outer(x)
    assert (set(), {"b"}) == (outer.kept.keys(), wide.kept.keys())
    with pytest.raises(PathError, match="no tag 'x'"):
        outer.observe("wide.a", "wide.x")
    assert ("b",) == wide._observed


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("hiden", "the graph has no tag 'hiden'"),
        ("out", "tag 'out' has no value yet"),
        ("encoder.hiden", "has no tag 'hiden'"),
    ],
)
def test_a_wrong_path_is_told(graph: Graph, path: str, what: str) -> None:
    """Never None in silence."""
    with pytest.raises(PathError, match=what):
        graph.tagged(path)


def test_a_path_through_nothing_is_told(graph: Graph) -> None:
    """The part that is wrong, and the nearest."""
    with pytest.raises(PathError, match=r"no graph at 'encodr'\n  try: did you mean 'encoder'\?"):
        graph.tagged("encodr.hidden")
    with pytest.raises(PathError, match=r"no graph at 'xyz'\n  try: graphs inside it: encoder"):
        graph.tagged("xyz.hidden")


def test_observing_what_is_not_there(graph: Graph) -> None:
    """A misspelt tag is told at once; what was observed stays."""
    with pytest.raises(PathError, match="did you mean 'out'"):
        graph.observe("ot")
    assert ("out", "again") == graph._observed
