"""Shapes run through a graph without data."""

from __future__ import annotations

import inspect
import re

import pytest
import torch
from flodl_core import ShapeError, ref
from flodl_graph import FlowBuilder
from torch import nn


@pytest.mark.parametrize(
    ("flow", "shape", "mend"),
    [
        (FlowBuilder("linear", 8, 2), "f32[B,T,16]", "in_features=16 takes it; it was made for 8"),
        (FlowBuilder(nn.Conv2d(3, 8, 3)), "f32[B,1,8,8]", "in_channels=1 takes it; it was made for 3"),
        (FlowBuilder(nn.Conv2d(3, 8, 3)), "f32[1,8,8]", "in_channels=1 takes it; it was made for 3"),
        (FlowBuilder(nn.BatchNorm2d(4)), "f32[B,6,2,2]", "num_features=6 takes it; it was made for 4"),
        (FlowBuilder(nn.GRU(4, 2)), "f32[T,B,5]", "input_size=5 takes it; it was made for 4"),
        (FlowBuilder("linear", 8, 2), "f32[8,B]", None),
        (FlowBuilder(nn.Conv2d(3, 8, 5)), "f32[B,3,2,2]", None),
    ],
)
def test_the_size_that_a_layer_was_made_for(flow: FlowBuilder, shape: str, mend: str | None) -> None:
    """Where that is what is wrong: the argument that would take what it is given."""
    with pytest.raises(ShapeError) as caught:
        flow.build(shape)
    assert mend == caught.value.mend


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


def test_torchs_own_words_have_letters_too() -> None:
    """Where torch tells sizes that a letter stands for, the letter is read; a product says of what."""
    misfits = {
        "got [B, 4] X [5, 2]": (FlowBuilder("linear", 5, 2), "f32[B,4]"),
        "[B, T, 5]": (FlowBuilder().split("identity", FlowBuilder("linear", 4, 5)).merge("add"), "f32[B,T,4]"),
        "does not fit [4*B*T]": (FlowBuilder("flatten", 0).through("linear", 4, 3), "f32[B,T,4]"),
    }
    for told, (flow, example) in misfits.items():
        with pytest.raises(ShapeError, match=re.escape(told)):
            flow.build(example)
    assert "f32[4*B*T]" == FlowBuilder("flatten", 0).build().check("f32[B,T,4]")


def test_a_size_of_ones_own_is_never_taken_for_a_letter() -> None:
    """Whatever a layer, a written example or a tensor has: 101 is 101, and 202 no multiple of B."""
    layer = FlowBuilder("linear", 101, 202).build()
    assert "f32[B,202]" == layer.check("f32[B,101]")
    with pytest.raises(
        ShapeError, match=re.escape("does not fit [B,103]: a and b must have same reduction dim")
    ) as told:
        layer.check("f32[B,103]")
    assert "[B, 103] X [101, 202]" in told.value.what
    pair = FlowBuilder(lambda x, y: y).using("y").input("y").build()
    assert "f32[101,107]" == pair.check("f32[B,T]", y="f32[101,107]")
    assert "f32[103]" == pair.check("f32[B]", y=torch.zeros(103))


def test_many_letters_take_no_memory() -> None:
    """Eight different ones, each itself: a tensor of that size would hold 10**16 elements."""
    sizes = [f"{letter}{number}" for letter in "BT" for number in range(4)]
    assert f"f32[{','.join(sizes)}]" == FlowBuilder("tanh").build().check(f"f32[{', '.join(sizes)}]")


@pytest.mark.parametrize("sizes", [",".join("ABCDEFGHIJKLM"), "99999999999999999999", "9999999999,9999999999"])
def test_a_shape_beyond_all_counting(sizes: str) -> None:
    """Told as what it is."""
    with pytest.raises(ShapeError, match="has more elements than can be counted"):
        FlowBuilder("tanh").build().check(f"f32[{sizes}]")


@pytest.mark.parametrize(
    ("flow", "path", "shape"),
    [
        (FlowBuilder("linear", 2, 4).loop_body("linear", 4, 5).for_n(3), "loop_1.body", "[B,5]"),
        (FlowBuilder().gate("softmax_router", ["gelu", ref("linear", 3, 2)], dim=2), "gate_1.experts.1", "[B,2]"),
        (
            FlowBuilder().switch("fixed_selector", ["gelu", ref("linear", 3, 2)], index=0),
            "switch_1.branches.1",
            "[B,2]",
        ),
    ],
)
def test_a_layer_inside_a_word_is_named_with_what_it_was_given(flow: FlowBuilder, path: str, shape: str) -> None:
    """Which expert, which branch, in which turn: its path, and its own input."""
    with pytest.raises(ShapeError) as caught:
        flow.build("f32[B,2]")
    assert caught.value.what.startswith(f"{path}, Linear(")
    assert f", does not fit {shape}: " in caught.value.what


@pytest.mark.parametrize("module", [ref("linear", 2, 4), ref("gru_cell", 2, 4), ref("conv_transpose1d", 2, 4, 3)])
def test_types_that_cannot_be_multiplied(module: object) -> None:
    """Tensors without data would multiply what real ones refuse, on every device."""
    graph = FlowBuilder(module).build()
    shape = "[B,2,8]" if "conv" in repr(module) else "[B,2]"
    for wrong, mend in (("f64", "make f32 of it"), ("i64", "make f32 of it, or look indices up in an embedding")):
        with pytest.raises(ShapeError) as caught:
            graph.check(wrong + shape)
        assert caught.value.what.endswith(f"{wrong} cannot be multiplied by f32")
        assert mend == caught.value.mend
    assert graph.check("f32" + shape)
    assert graph.double().check("f64" + shape)


def test_zeros_of_a_first_call_are_found_from_a_stream_of_indices() -> None:
    """What is carried has the type of what carries it, though the first guess is of the stream's."""
    graph = FlowBuilder("embedding", 7, 4).through(Cell(4, 4)).using("h").tag("h").build()
    assert "f32[B,4]" == graph.check("i64[B]")
    assert (3, 4) == graph(torch.zeros(3, dtype=torch.long)).shape


class Cell(nn.Module):
    """Has no default for what is carried."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.cell = nn.GRUCell(width, hidden)

    def forward(self, x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        """Mix."""
        mixed: torch.Tensor = self.cell(x, h)
        return mixed


def test_what_a_word_says_of_mending_is_kept() -> None:
    """A word's own error comes with the node and the line, and with its own way out."""
    with pytest.raises(ShapeError) as caught:
        FlowBuilder().switch(lambda x: x[:, 0].long(), ["gelu", "relu"]).build()(torch.ones(2, 2))
    assert 'per="sample"' == caught.value.mend


@pytest.mark.parametrize("example", [(4, 2), [1.0], None, 3])
def test_what_is_neither_a_shape_nor_a_tensor(example: object) -> None:
    """Sizes alone have no type."""
    with pytest.raises(ShapeError) as caught:
        FlowBuilder("linear", 2, 4).build(example)  # type: ignore[arg-type]
    assert f"an example is a shape or a tensor, got {example!r}" == caught.value.what


def test_nothing_is_known_of_the_inputs() -> None:
    """Then nothing can be said."""
    assert FlowBuilder("linear", 2, 4).through("linear", 4, 4).build().check() is None


def test_shared_modules_and_weights_stay_as_they_are(device: torch.device) -> None:
    """A layer at two places, a graph at two places, one weight in two layers: all real afterwards, and the same."""
    layer, tied = nn.Linear(4, 4), nn.Linear(4, 4)
    tied.weight = layer.weight
    tower = FlowBuilder(layer).through("tanh").label("tower").build()
    flow = (
        FlowBuilder(tower).through("tanh").through(layer).through(tower).through(tied).through("state_add").using("m")
    )
    graph = flow.tag("m").build().to(device)
    held = list(graph.parameters())
    graph.check("f32[B,4]")
    assert held == list(graph.parameters()) == [layer.weight, layer.bias, tied.bias]
    assert all(type(parameter) is nn.Parameter for parameter in held)
    x = torch.randn(3, 4, device=device)
    h = layer(x).tanh().tanh()
    torch.testing.assert_close(tied(layer(layer(h)).tanh()), graph(x))
