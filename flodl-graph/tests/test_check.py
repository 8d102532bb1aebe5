"""Shapes run through a graph without data."""

from __future__ import annotations

import inspect

import pytest
import torch
from flodl_core import ShapeError
from flodl_graph import FlowBuilder


def test_shapes_that_fit_give_the_output() -> None:
    """Letters stand for sizes, and come back."""
    graph = FlowBuilder("linear", 2, 16).also("linear", 16, 16).through("linear", 16, 3).build()
    assert "f32[B,T,3]" == graph.check("f32[B,T,2]")
    assert "f32[4,3]" == graph.check(torch.zeros(4, 2))


def test_a_misfit_names_the_node_the_line_and_the_shapes() -> None:
    """The first node where it does not fit; the user's own line."""
    flow = FlowBuilder("linear", 2, 16)
    flow, line = flow.through("linear", 8, 3).tag("head"), inspect.currentframe().f_lineno
    with pytest.raises(ShapeError) as caught:
        flow.build("f32[B,2]")
    assert caught.value.what.startswith("head, Linear(in_features=8, out_features=3, bias=True), does not fit [B,16]: ")
    assert str(caught.value.where).endswith(f"test_check.py:{line}")


def test_a_misfit_in_a_nested_graph_names_the_inner_node() -> None:
    """The innermost node of a flow, not the graph that holds it."""
    inner = FlowBuilder("linear", 4, 4).tag("hidden").label("encoder").build()
    graph = FlowBuilder("linear", 2, 3).through(inner).build()
    with pytest.raises(ShapeError, match=r"^hidden, Linear"):
        graph.check("f32[B,2]")


def test_checking_changes_nothing() -> None:
    """Weights, statistics, carried state, kept values and random numbers are as they were."""
    flow = FlowBuilder("batch_norm1d", 2).through("dropout", 0.5).through(lambda x, m=None: x if m is None else x + m)
    graph = flow.using(m="memory").tag("memory").build()
    x = torch.randn(4, 2)
    graph(x)
    state = {name: value.clone() for name, value in graph.state_dict().items()}
    carried, kept, dice = graph.carried["memory"], graph.kept["memory"], torch.get_rng_state()
    assert "f32[B,2]" == graph.check("f32[B,2]")
    assert all(torch.equal(state[name], value) for name, value in graph.state_dict().items())
    assert graph.carried["memory"] is carried
    assert graph.kept["memory"] is kept
    assert torch.equal(dice, torch.get_rng_state())


def test_named_inputs_and_data_that_decides() -> None:
    """Further inputs by name; a loop that data ends is checked as far as that goes."""

    def add(x: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        return x + other

    graph = FlowBuilder().input("other").through(add).using("other").build()
    assert "f32[B,2]" == graph.check("f32[B,2]", other="f32[B,2]")
    assert graph.check("f32[B,2]") is None
    halting = FlowBuilder().loop_body("tanh").until_cond("threshold_halt", 3, threshold=0.5).build()
    assert "f32[B,2]" == halting.check("f32[B,2]")
    branching = FlowBuilder(lambda x: x if x.sum() > 0 else x[0]).build()
    assert branching.check("f32[B,2]") is None


@pytest.mark.parametrize("text", ["f32", "f31[2]", "f32[B-1]", "[2]"])
def test_a_text_that_is_no_shape(text: str) -> None:
    """Told with an example of one."""
    with pytest.raises(ShapeError):
        FlowBuilder("tanh").build().check(text)


def test_a_check_runs_a_maps_body_once_and_leaves_no_trace() -> None:
    """All elements have one shape; the next call of the map is as fast as it was."""
    graph = FlowBuilder().map("linear", 2, 3).slices(2).build("f32[B,4]")
    assert "f32[B,6]" == graph.check("f32[B,4]")
    assert not graph.map_1._must_loop
