"""`internal`: tags that belong to their graph alone."""

from __future__ import annotations

import pytest
import torch
from flodl_core import BuildError, PathError
from flodl_graph import FlowBuilder


def encoder(name: str = "hidden") -> FlowBuilder:
    return FlowBuilder("linear", 4, 4).tag(name).through("gelu").tag("out").label("encoder")


def test_a_graph_around_it_cannot_read_the_value() -> None:
    """Inside, an internal tag is a tag as any other; from outside it is an error that says so."""
    inner = encoder().internal("hidden").build()
    outer = FlowBuilder(inner).through("tanh").build()
    outer(torch.zeros(2, 4))
    assert (2, 4) == inner.tagged("hidden").shape
    assert (2, 4) == outer.tagged("encoder.out").shape
    with pytest.raises(PathError) as caught:
        outer.tagged("encoder.hidden")
    assert "tag 'hidden' is internal to 'encoder'" in str(caught.value)


def test_a_graph_around_it_does_not_list_its_path() -> None:
    """The graph itself lists it, and it stays the name of its parameters."""
    inner = encoder().internal("hidden").build()
    outer = FlowBuilder(inner).build()
    assert ("hidden", "out") == inner.paths()
    assert ("encoder", "encoder.out") == outer.paths()
    assert "encoder.hidden.weight" in outer.state_dict()


def test_it_is_no_further_output() -> None:
    """What `tag(port=name)` offers of a nested graph are its other tags."""
    inner = encoder().internal("hidden")
    assert ("out",) == inner.build().ports
    with pytest.raises(BuildError, match="has no output 'hidden' besides the stream"):
        FlowBuilder(inner).tag(hidden="h").build()


def test_an_underscore_says_it_too() -> None:
    """A tag that begins with an underscore is internal without a word."""
    assert ("_hidden",) == encoder("_hidden").build().ir.internal


def test_a_tag_group_names_all_its_tags() -> None:
    """A group stands for its tags."""
    flow = FlowBuilder().split("tanh", "relu").tag_group("head").merge("add").internal("head")
    assert ("head_0", "head_1") == flow.build().ir.internal


def test_round_trip() -> None:
    """As TOML it is a key of its graph, nested or not."""
    inner = encoder().internal("hidden")
    graph = FlowBuilder(inner).tag("first").through("linear", 4, 4).tag("last").internal("last").build()
    text = graph.to_toml()
    read = FlowBuilder.from_toml(text).build()
    assert 'internal = ["last"]' in text.splitlines()
    assert 'internal = ["hidden"]' in text
    assert graph.ir == read.ir
    assert ("hidden",) == read.get_submodule("encoder").ir.internal
    assert text == read.to_toml()


def test_it_names_a_tag() -> None:
    """A name that is no tag is told with the nearest; so is an input, which comes from outside."""
    with pytest.raises(BuildError, match=r"internal\('hiden'\) names no tag") as caught:
        encoder().internal("hiden").build()
    assert "did you mean 'hidden'?" in str(caught.value)
    with pytest.raises(BuildError, match=r"internal\('context'\) names an input, which comes from outside"):
        FlowBuilder().input("context").through("state_add").using("context").internal("context").build()


def test_in_a_file_it_is_a_list() -> None:
    """Anything else is told."""
    with pytest.raises(BuildError, match="`internal` is a list of names, got 'hidden'"):
        FlowBuilder.from_toml('internal = "hidden"\n[[flow]]\nthrough = "tanh"\n')
