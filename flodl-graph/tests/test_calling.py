"""A graph called with what does not fit: the node, the user's line, what it was given; all else comes as it is."""

from __future__ import annotations

import sys

import numpy
import pytest
import torch
from flodl_core import FlodlError, ShapeError, TrainingError
from flodl_graph import FlowBuilder
from torch import Tensor, nn


def test_a_shape_that_does_not_fit_names_the_node() -> None:
    """Three lines for people, torch's own error behind them, and still the class that torch's has."""
    graph = FlowBuilder("linear", 4, 8).tag("encoded").through("tanh").build()
    with pytest.raises(ShapeError) as caught:
        graph(torch.ones(3, 5))
    said = str(caught.value).splitlines()
    assert said[0].startswith("encoded, Linear(in_features=4, out_features=8, bias=True), does not fit [3,5]: ")
    assert said[1].startswith("  at: ")
    assert "test_calling.py:" in said[1]
    assert isinstance(caught.value, RuntimeError)
    assert isinstance(caught.value, ValueError)
    assert type(caught.value.__cause__) is RuntimeError


def test_a_nested_node_is_named_by_its_own_graph() -> None:
    """The innermost graph speaks; the one around it adds nothing."""
    inner = FlowBuilder("linear", 4, 4).tag("deep").label("inner")
    graph = FlowBuilder(inner).through("tanh").build()
    with pytest.raises(ShapeError, match="deep, Linear"):
        graph(torch.ones(3, 5))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (torch.ones(3, 4, dtype=torch.float64), "Linear"),
        (torch.ones(3, 4, dtype=torch.int64), "Linear"),
        (numpy.ones((3, 4), dtype=numpy.float32), "what it is given: linear(): argument 'input'"),
        ([[1.0, 2.0, 3.0, 4.0]], "not list"),
    ],
)
def test_another_type_is_told_at_its_node(wrong: object, said: str) -> None:
    """A dtype that the parameters have not, an array, a list."""
    graph = FlowBuilder("linear", 4, 8).tag("encoded").build()
    with pytest.raises(ShapeError, match=r"encoded, Linear.* does not fit") as caught:
        graph(wrong)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("flow", "said", "mend"),
    [
        (
            FlowBuilder().also("linear", 4, 3),
            r"linear_1, x \+ Linear\(.*\), does not fit \[2,4\]",
            "what it makes joins the stream: give it the stream's shape",
        ),
        (
            FlowBuilder("linear", 4, 3).tag("a").through("linear", 3, 5).merge("add").using("a"),
            "add_1, .* does not fit",
            "a linear(3, 5) before it would give the one of 3 the size of the other",
        ),
        (
            FlowBuilder("linear", 4, 3).tag("a").through("linear", 3, 5).merge("cat", dim=0).using("a"),
            "cat_1, .* does not fit",
            "a linear(3, 5) before it would give the one of 3 the size of the other",
        ),
        (
            FlowBuilder("linear", 4, 3).tag("a").through("flatten", 0).merge("cat").using("a"),
            "cat_1, .* does not fit",
            None,
        ),
        (
            FlowBuilder().map("linear", 3, 3).each(),
            r"map_1\.body, Linear.* does not fit \[1,4\]",
            "in_features=4 takes it; it was made for 3",
        ),
        (
            FlowBuilder().gate("softmax_router", ["tanh", "relu"], dim=3),
            r"gate_1\.router\.linear, .* fit \[2,4\]",
            "in_features=4 takes it; it was made for 3",
        ),
    ],
)
def test_what_does_not_fit_inside_a_word_is_told_at_it(flow: FlowBuilder, said: str, mend: str | None) -> None:
    """Sums and merges by the word that joins what cannot be joined; a layer inside a word by its path."""
    with pytest.raises(ShapeError, match=said) as caught:
        flow.build()(torch.ones(2, 4))
    assert mend == caught.value.mend


class Refusing(nn.Module):
    """Raises for reasons of its own."""

    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            raise RuntimeError("too much")
        return x @ torch.ones(9, 9)


@pytest.mark.parametrize(("value", "said"), [(1.0, "too much"), (-1.0, "mat1 and mat2")])
def test_what_a_users_module_raises_comes_as_it_is(value: float, said: str) -> None:
    """Its own words, or torch's at its own line: nothing is put before them."""
    with pytest.raises(RuntimeError, match=said) as caught:
        FlowBuilder(Refusing()).build()(torch.full((2, 4), value))
    assert not isinstance(caught.value, ShapeError)


def test_after_a_misfit_the_graph_is_what_it_was() -> None:
    """State and tagged values are those of the last good call."""
    graph = FlowBuilder("linear", 4, 4).through("state_add").using("memory").tag("memory").build()
    graph(torch.ones(1, 4))
    carried, kept = dict(graph.carried), dict(graph.kept)
    with pytest.raises(ShapeError):
        graph(torch.ones(1, 5))
    assert carried.keys() == graph.carried.keys()
    assert all(carried[name] is value for name, value in graph.carried.items())
    assert all(kept[name] is value for name, value in graph.kept.items())


def test_other_errors_of_ours_pass() -> None:
    """A FlodlError raised inside is not wrapped."""

    def stop(x: Tensor) -> Tensor:
        raise TrainingError("enough")

    with pytest.raises(TrainingError, match="enough"):
        FlowBuilder(stop).build()(torch.ones(1))


@pytest.mark.parametrize(
    ("flow", "said"),
    [
        (FlowBuilder().switch("softmax_router", ["tanh", "relu"], dim=4), "switch() takes one index"),
        (FlowBuilder().gate("argmax_selector", ["tanh", "relu"], dim=4), "gate() has 2 experts"),
        (FlowBuilder(FlowBuilder().map("tanh").slices(3)), "map().slices(3) cuts"),
    ],
)
def test_what_a_word_refuses_is_told_with_its_line(flow: FlowBuilder, said: str) -> None:
    """Of several switches in a program, this one."""
    with pytest.raises(FlodlError) as caught:
        flow.build()(torch.ones(3, 4))
    assert caught.value.what.startswith(said)
    assert "test_calling.py:" in str(caught.value.where)


def test_no_frame_is_added_to_a_call_that_goes_well() -> None:
    """One call in between, as any wrapper; nothing is kept of it."""
    depth: list[int] = []

    def look(x: Tensor) -> Tensor:
        frame, count = sys._getframe(), 0
        while frame is not None:
            frame, count = frame.f_back, count + 1
        depth.append(count)
        return x

    plain = nn.Sequential(nn.Identity())
    plain.register_forward_hook(lambda module, inputs, output: look(output))
    plain(torch.ones(1))
    FlowBuilder(look).build()(torch.ones(1))
    assert depth[1] - depth[0] <= 5


@pytest.mark.parametrize(
    ("inputs", "named", "what", "mend"),
    [
        ((), {}, "the graph needs its input 'x' and 'context'", "its inputs: x, context"),
        ((1,), {}, "the graph needs its input 'context'", "its inputs: x, context"),
        ((1, 2, 3), {}, "the graph takes 2 inputs, got 3", "its inputs: x, context"),
        ((1,), {"contxt": 1}, "the graph has no input 'contxt'", "did you mean 'context'?"),
        ((1, 2), {"context": 1}, "the graph is given its input 'context' twice", "once: by position or by name"),
    ],
)
def test_inputs_that_are_none_of_its_own(inputs: tuple[int, ...], named: dict[str, int], what: str, mend: str) -> None:
    """Counted as people count, without `self`; by a check as by a call."""
    graph = FlowBuilder(lambda x, context: x + context).using("context").input("context").build()
    with pytest.raises(ShapeError) as caught:
        graph(*(torch.ones(1) for _ in inputs), **{name: torch.ones(1) for name in named})
    assert (what, mend) == (caught.value.what, caught.value.mend)
    if "needs" not in what:  # a check may leave inputs out
        with pytest.raises(ShapeError) as checked:
            graph.check(*("f32[B]" for _ in inputs), **dict.fromkeys(named, "f32[B]"))
        assert (what, mend) == (checked.value.what, checked.value.mend)


def test_a_type_error_of_a_users_own_stays_one() -> None:
    """Also where it says what Python would say of the graph's forward."""

    def forward(x: Tensor) -> Tensor:
        raise TypeError("forward() takes 1 positional argument but 2 were given")

    graph = FlowBuilder(forward).build()
    with pytest.raises(TypeError, match="forward\\(\\) takes 1"):
        graph(torch.ones(1))


def test_a_part_that_was_taken_out() -> None:
    """What Python says of it comes as it is."""
    graph = FlowBuilder("linear", 2, 2).tag("head").build()
    graph.head = None
    with pytest.raises(TypeError, match="'NoneType' object is not callable"):
        graph(torch.ones(1, 2))
