"""More than one value out of a part, and more than one into an argument."""

from __future__ import annotations

import copy
import pickle
from typing import NamedTuple

import pytest
import torch
from flodl_core import BuildError, OpSpec, components, hookimpl
from flodl_graph import FlowBuilder, Graph
from torch import Tensor, nn


def _encoder() -> Graph:
    return (
        FlowBuilder("linear", 4, 4).tag("e1").through("tanh").tag("e2").through("linear", 4, 2).label("encoder").build()
    )


def test_tags_of_a_nested_graph_are_its_outputs(device: torch.device) -> None:
    """`tag(e1="skip")` brings a value out of a nested graph, with its gradient."""
    encoder = _encoder()
    flow = FlowBuilder(encoder).tag(e1="skip", e2="late").through("linear", 2, 4)
    model = flow.merge("add").using("skip", "late").build().to(device)
    x = torch.randn(3, 4, device=device)
    first, last, up = encoder.get_submodule("e1"), encoder.get_submodule("linear_2"), model.get_submodule("linear_1")
    e1 = first(x)
    expected = up(last(e1.tanh())) + e1 + e1.tanh()
    torch.testing.assert_close(model(x), expected)
    assert torch.equal(model.tagged("skip"), e1)
    (mine,) = torch.autograd.grad(model(x).sum(), first.weight)
    (theirs,) = torch.autograd.grad(expected.sum(), first.weight)
    torch.testing.assert_close(mine, theirs)


def test_a_graph_that_is_asked_elsewhere_stays_what_it_was() -> None:
    """Alone, it returns its stream; copies and pickles can be asked too."""
    encoder = _encoder()
    FlowBuilder(encoder).tag(e1="skip").merge("cat").using("skip").build()
    x = torch.randn(3, 4)
    assert isinstance(encoder(x), Tensor)
    for twin in (encoder, copy.deepcopy(encoder), pickle.loads(pickle.dumps(encoder))):
        assert torch.equal(encoder(x), twin(x))
        stream, skip = twin(x, wanted=("e1",))
        assert torch.equal(encoder(x), stream)
        assert torch.equal(encoder.get_submodule("e1")(x), skip)


def test_a_nested_graph_has_no_output_that_it_has_not() -> None:
    """A wrong name is told with those that there are; an input of the nested graph is none."""
    with pytest.raises(BuildError, match="no output 'e3' besides the stream") as caught:
        FlowBuilder(_encoder()).tag(e3="skip").build()
    assert caught.value.mend == "it has e1, e2"


class States(NamedTuple):
    """What a cell returns."""

    h: Tensor
    c: Tensor


class Traces(NamedTuple):
    """A stream, and what is told besides."""

    stream: Tensor
    first: Tensor
    second: Tensor


class Cell(nn.Module):
    """A cell of two states, as `torch.nn.LSTMCell` has them."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(4, 4)

    def forward(self, x: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> States:
        return States(*self.cell(x, hx))


def test_several_tags_arrive_as_a_tuple(device: torch.device) -> None:
    """`using(hx=("h", "c"))` carries both states of a cell; before there are any, the argument is left out."""
    cell = Cell().to(device)
    model = FlowBuilder(cell).using(hx=("h", "c")).tag("h", c="c").build()
    xs = torch.randn(3, 2, 4, device=device)
    state = None
    for x in xs:
        state = cell.cell(x, state)
        assert torch.equal(state[0], model(x))
    assert "hx=(h_before, c_before)" in model.code
    loss = model(xs[0]).sum()
    mine = torch.autograd.grad(loss, list(cell.parameters()))
    theirs = torch.autograd.grad(cell.cell(xs[0], state)[0].sum(), list(cell.parameters()))
    for one, other in zip(theirs, mine, strict=True):
        torch.testing.assert_close(other, one)


def test_a_tuple_in_toml() -> None:
    """TOML says it with a list, and reads it back."""
    flow = FlowBuilder("tanh").tag("a").through("relu").tag("b").through("state_add").using(hx=("a", "b"), y="a")
    text = flow.build().to_toml()
    assert 'using = { hx = ["a", "b"], y = "a" }' in text
    assert text == FlowBuilder.from_toml(text).build().to_toml()


@pytest.mark.parametrize("tags", [("a",), (), 3, (1, 2)])
def test_a_tuple_has_at_least_two_tags(tags: object) -> None:
    """Anything else is told at the word."""
    with pytest.raises(BuildError, match=r"using\(\) takes tags, got"):
        FlowBuilder("tanh").tag("a").through(Cell()).using(hx=tags)  # type: ignore[arg-type]


def _traced(body: FlowBuilder | nn.Module) -> Graph:
    return (
        FlowBuilder().loop_body(body).for_n(3).tag("out", first="firsts", second="seconds", states="all_states").build()
    )


class TwoTraces(nn.Module):
    """A body that tells two things besides its stream."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Traces:
        made = self.linear(x)
        return Traces(made.tanh(), made, x)


def test_a_loop_stacks_what_its_body_returns(device: torch.device) -> None:
    """Several named traces: [T, B, ...] each, with gradients; a nested graph's tags as well as a module's outputs."""
    module = TwoTraces().to(device)
    graph = FlowBuilder().tag("second").through(module.linear).tag("first").through("tanh").build()
    x = torch.randn(2, 4, device=device)
    state, firsts, seconds, states = x, [], [], []
    for _ in range(3):
        seconds.append(state)
        firsts.append(module.linear(state))
        state = firsts[-1].tanh()
        states.append(state)
    model = _traced(module)
    assert torch.equal(state, model(x))
    assert torch.equal(torch.stack(firsts), model.tagged("firsts"))
    assert torch.equal(torch.stack(seconds), model.tagged("seconds"))
    assert torch.equal(torch.stack(states), model.tagged("all_states"))
    nested = FlowBuilder().loop_body(graph).for_n(3).tag("out", first="firsts").build()
    assert torch.equal(state, nested(x))
    assert torch.equal(torch.stack(firsts), nested.tagged("firsts"))


class Above(nn.Module):
    """A halt that counts how often the host could have looked."""

    def __init__(self, threshold: float) -> None:
        super().__init__()
        self.threshold = threshold

    def forward(self, x: Tensor) -> Tensor:
        return x.amax(-1) - self.threshold


@pytest.mark.parametrize("kind", ["while_cond", "until_cond"])
@pytest.mark.parametrize("per", ["batch", "sample"])
@pytest.mark.parametrize("threshold", [-1.0, 2.0, 3.5, 6.0, 100.0])
@pytest.mark.parametrize("every", [1, 2, 3, 20])
def test_looking_seldom_changes_nothing(
    kind: str, per: str, threshold: float, every: int, device: torch.device
) -> None:
    """The result, its gradient, the traces and the steps are those of a loop that looks each turn."""

    def graph(every: int | None) -> Graph:
        loop = FlowBuilder().loop_body(lambda x: x * 1.5)
        ask = loop.while_cond if kind == "while_cond" else loop.until_cond
        flow = ask(Above(threshold), 7, per=per, every=every)
        return flow.tag("out", states="all_states", steps="count", halts="signals").build()

    x = torch.tensor([[1.0, 2.0], [0.5, 0.1]], device=device, requires_grad=True)
    usual, seldom = graph(None), graph(every)
    assert torch.equal(usual(x), seldom(x))
    (expected,) = torch.autograd.grad(usual(x).sum(), x)
    (actual,) = torch.autograd.grad(seldom(x).sum(), x)
    assert torch.equal(expected, actual)
    if per == "batch":
        assert torch.equal(usual.tagged("all_states"), seldom.tagged("all_states"))
        assert torch.equal(usual.tagged("signals"), seldom.tagged("signals"))
    counts = [torch.as_tensor(graph.tagged("count")).tolist() for graph in (usual, seldom)]
    assert counts[0] == counts[1]


def test_a_loop_may_look_seldom_in_toml() -> None:
    """`every` is a key beside the condition; less than each turn is no number."""
    flow = FlowBuilder().loop_body("tanh").until_cond("threshold_halt", 9, threshold=2.0, every=4)
    text = flow.build().to_toml()
    assert "every = 4" in text
    assert text == FlowBuilder.from_toml(text).build().to_toml()
    with pytest.raises(BuildError, match="asks every so many turns, at least 1, got 0"):
        FlowBuilder().loop_body("tanh").until_cond("threshold_halt", 9, threshold=2.0, every=0).build()


class Negated:
    """A plugin's op whose spec names its one value."""

    @hookimpl
    def flodl_ops(self):
        yield OpSpec(
            name="test_negated", target="odd_modules:negation", summary="The other sign.", outputs=("negated",)
        )


def test_a_spec_may_name_its_only_output() -> None:
    """One name is one value, the stream: it is not taken apart."""
    components.register(Negated(), "test_negated")
    x = torch.randn(3, 4)
    assert torch.equal(-x, FlowBuilder("op:test_negated").build()(x))


def test_a_pool_that_returns_indices_hands_them_to_its_way_back(device: torch.device) -> None:
    """`return_indices=True` makes them an output; without, the pool has the stream alone."""
    pool, back = torch.nn.MaxPool2d(2, return_indices=True), torch.nn.MaxUnpool2d(2)
    model = FlowBuilder(pool).tag("small", indices="places").through(back).using(indices="places").build().to(device)
    x = torch.randn(2, 3, 4, 4, device=device)
    assert torch.equal(back(*pool(x)), model(x))
    assert torch.equal(pool(x)[0], model.tagged("small"))
    stream = FlowBuilder(torch.nn.AdaptiveMaxPool1d(2, return_indices=True)).through(torch.nn.ReLU()).build()
    assert (2, 3, 2) == stream(x[:, :, 0].cpu()).shape
    with pytest.raises(BuildError, match="no output 'indices' besides the stream"):
        FlowBuilder(torch.nn.MaxPool2d(2)).tag(indices="places").build()
