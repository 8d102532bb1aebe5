"""State from call to call: a reference before its tag, against the same unrolled by hand."""

from __future__ import annotations

import copy
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest
import torch
from flodl_core import ShapeError, TrainingError
from flodl_graph import FlowBuilder, Graph
from torch import Tensor, nn


class Cell(nn.Module):
    """A recurrence whose state has a default."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 4)

    def forward(self, x: Tensor, h: Tensor | None = None) -> Tensor:
        return torch.tanh(self.inner(x) if h is None else self.inner(x) + h)


def add(x: Tensor, memory: Tensor) -> Tensor:
    return x + memory


def add_any(x: Tensor, **refs: Tensor) -> Tensor:
    return sum(refs.values(), x)


@pytest.fixture
def graph(device: torch.device) -> Graph:
    return FlowBuilder(Cell()).using("h").tag("h").through("linear", 4, 2).build().to(device)


def test_state_goes_from_call_to_call(graph: Graph, device: torch.device) -> None:
    """Three calls equal three steps by hand, gradients through all of them included."""
    xs = torch.randn(3, 5, 4, device=device)
    cell, head = graph.h, graph.linear_1
    results = []
    for calls in (lambda: [graph(x) for x in xs], lambda: unrolled(cell, head, xs)):
        outputs = calls()
        results.append([*outputs, *torch.autograd.grad(sum(y.sum() for y in outputs), list(graph.parameters()))])
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(*results, strict=True))


def unrolled(cell: nn.Module, head: nn.Module, xs: Tensor) -> list[Tensor]:
    state, outputs = None, []
    for x in xs:
        state = cell(x, state)
        outputs.append(head(state))
    return outputs


def test_reset_begins_a_new_sequence(graph: Graph, device: torch.device) -> None:
    """After `reset_state` the first call is a first call again."""
    x = torch.randn(2, 4, device=device)
    first, second = graph(x), graph(x)
    graph.reset_state()
    assert torch.equal(first, graph(x))
    assert not torch.equal(first, second)


def test_detach_ends_the_gradient(graph: Graph, device: torch.device) -> None:
    """After `detach_state` a backward stops at the call before."""
    x = torch.randn(2, 4, device=device, requires_grad=True)
    graph(x)
    graph.detach_state()
    y = torch.randn(2, 4, device=device, requires_grad=True)
    graph(y).sum().backward()
    assert x.grad is None
    assert y.grad is not None


def test_state_recurses_into_nested_graphs(device: torch.device) -> None:
    """A stateful graph inside another is reset, detached and set aside with it."""
    inner = FlowBuilder(Cell()).using("h").tag("h").label("memory").build()
    outer = FlowBuilder("linear", 4, 4).through(inner).build().to(device)
    x = torch.randn(2, 4, device=device)
    first = outer(x)
    assert inner.carried["h"].requires_grad
    outer.detach_state()
    assert not inner.carried["h"].requires_grad
    outer.reset_state()
    assert torch.equal(first, outer(x))


def test_evaluating_leaves_everything_as_it_was(graph: Graph, device: torch.device) -> None:
    """State, modes and gradients of the training run are untouched."""
    x = torch.randn(2, 4, device=device)
    graph(x)
    state = graph.carried["h"]
    graph.linear_1.eval()
    with graph.evaluating():
        assert not graph.training
        assert not graph(x).requires_grad
    assert graph.carried["h"] is state
    assert graph.training
    assert not graph.linear_1.training


@pytest.mark.parametrize("module", [add, add_any])
def test_at_first_there_are_zeros_or_nothing(module: object) -> None:
    """A module that needs its reference gets zeros of the right shape; one that takes any gets none."""
    graph = FlowBuilder("linear", 3, 4).through(module).using("memory").tag("memory").build()
    x = torch.randn(2, 3)
    first = graph.linear_1(x)
    assert torch.equal(first, graph(x))
    assert torch.equal(first + first, graph(x))


def test_zeros_have_the_shape_of_what_is_carried_not_of_the_stream() -> None:
    """A reader whose stream is narrower than what it remembers."""

    def widen(x: Tensor, memory: Tensor) -> Tensor:
        return torch.cat([x, x], 1) + memory

    graph = FlowBuilder(widen).using("memory").tag("memory").build()
    x = torch.randn(2, 3)
    assert torch.equal(torch.cat([x, x], 1), graph(x))


@pytest.mark.parametrize(("width", "hidden"), [(4, 4), (6, 6), (6, 8)])
def test_zeros_are_found_for_a_cell_that_takes_one_shape_alone(width: int, hidden: int, device: torch.device) -> None:
    """Neither a lone number nor the graph's input fits it: what it refused tells what it takes."""
    graph = FlowBuilder("linear", 4, width).through(Gru(width, hidden)).using("h").tag("h").build().to(device)
    x = torch.ones(3, 4, device=device)
    wide = graph.linear_1(x)
    first = graph.h.cell(wide, torch.zeros(3, hidden, device=device))
    torch.testing.assert_close(graph(x), first)
    torch.testing.assert_close(graph(x), graph.h.cell(wide, first))


class Gru(nn.Module):
    """Has no default for what is carried."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.cell = nn.GRUCell(width, hidden)

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        made: Tensor = self.cell(x, h)
        return made


def test_a_shape_that_never_settles_is_told() -> None:
    """State that grows has no zeros to begin with."""

    def grow(x: Tensor, memory: Tensor) -> Tensor:
        return torch.cat([x, memory], 1)

    graph = FlowBuilder(grow).using("memory").tag("memory").build()
    with pytest.raises(ShapeError, match="no shape of zeros fits: it grows from call to call"):
        graph(torch.randn(2, 3))


def test_state_moves_and_is_not_copied(graph: Graph) -> None:
    """State follows `to`; it is no weight and no part of a copy."""
    graph(torch.randn(2, 4, device=next(graph.parameters()).device))
    assert torch.float64 == graph.to(torch.float64).carried["h"].dtype
    assert {} == copy.deepcopy(graph).carried
    assert "h" not in graph.state_dict()


def test_a_failed_call_leaves_the_state_of_the_last_good_one(graph: Graph, device: torch.device) -> None:
    """State is written when everything went well."""
    graph(torch.randn(2, 4, device=device))
    state = graph.carried["h"]
    graph.linear_1 = nn.Linear(5, 2).to(device)
    with pytest.raises(RuntimeError):
        graph(torch.randn(2, 4, device=device))
    assert graph.carried["h"] is state


class Waiting(nn.Module):
    """Holds a call until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.inside, self.go = threading.Event(), threading.Event()

    def forward(self, x: Tensor) -> Tensor:
        self.inside.set()
        assert self.go.wait(20)
        return x


def test_two_threads_in_one_state_are_told() -> None:
    """The second call is an error, the first goes on, and the next is as good as ever; without state both run."""
    waiting = Waiting()
    graph = FlowBuilder(waiting).through("state_add").using("memory").tag("memory").label("net").build()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(graph, torch.ones(2))
        assert waiting.inside.wait(20)
        with pytest.raises(TrainingError, match="graph net carries state from call to call, and another thread"):
            graph(torch.ones(2))
        waiting.go.set()
        assert torch.equal(torch.ones(2), first.result(20))
        assert torch.equal(2 * torch.ones(2), pool.submit(graph, torch.ones(2)).result(20))
    stateless = FlowBuilder("tanh").build()
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(stateless, [torch.ones(2)] * 50))
    assert all(torch.equal(torch.ones(2).tanh(), result) for result in results)


def test_a_call_that_fails_lets_others_in() -> None:
    """What was raised inside frees the graph for every thread."""
    graph = FlowBuilder(nn.Linear(2, 2)).through("state_add").using("memory").tag("memory").build()
    with pytest.raises(RuntimeError):
        graph(torch.ones(1, 3))
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(graph, torch.ones(1, 2)).result(20).shape == (1, 2)


def test_zeros_inside_a_nested_graph_leave_nothing_fake(device: torch.device) -> None:
    """Shapes are found without data, and the state that is left afterwards has data, inside too."""
    inner = FlowBuilder(add).using("memory").tag("memory").label("inner")
    graph = FlowBuilder("linear", 4, 4).through(add).using(memory="late").through(inner).tag("late").build().to(device)
    x = torch.randn(2, 4, device=device)
    assert type(graph(x)) is Tensor
    assert type(graph.inner.carried["memory"]) is Tensor
    torch.testing.assert_close(graph.inner.carried["memory"], graph.linear_1(x))


def test_each_reader_begins_its_own_way() -> None:
    """Of two readers of one value, zeros for the one that needs it do not take the other's own beginning away."""

    def begin(x: Tensor, memory: Tensor | None = None) -> Tensor:
        return x + (5 if memory is None else memory)

    graph = FlowBuilder(add).using("memory").through(begin).using("memory").tag("memory").build()
    x = torch.ones(2, 3)
    assert torch.equal(x + 5, graph(x))
    assert torch.equal(x + 2 * (x + 5), graph(x))


def test_the_order_of_words_decides_what_is_carried() -> None:
    """A tag given after the reference is read from the call before, even if its value was there already."""
    graph = FlowBuilder("tanh").tag("now").through(add_any).using(memory="late").at("now").tag("late").build()
    x, y = torch.randn(2, 3), torch.randn(2, 3)
    both = FlowBuilder("tanh").tag("now").through(add_any).using(memory="late").tag("out").at("now").tag("late")
    model = both.at("out").build()
    assert torch.equal(torch.tanh(x), model(x))
    assert torch.equal(torch.tanh(y) + torch.tanh(x), model(y))
    assert torch.equal(torch.tanh(x), graph(x))


def test_names_that_a_forward_makes_do_not_meet_a_users() -> None:
    """A tag called as the variable of a carried value would be."""
    flow = FlowBuilder("tanh").tag("h_before").through(add_any).using(memory="h").tag("h")
    graph = flow.merge("mul").using("h_before").build()
    x, y = torch.randn(2, 3), torch.randn(2, 3)
    torch.testing.assert_close(graph(x), torch.tanh(x) ** 2)
    torch.testing.assert_close(graph(y), (torch.tanh(y) + torch.tanh(x)) * torch.tanh(y))


def test_detaching_leaves_numbers_alone() -> None:
    """A loop's number of steps is a value without history."""
    graph = FlowBuilder("linear", 3, 3).loop_body("tanh").for_n(2).tag(steps="turns").build()
    graph(torch.randn(2, 3))
    graph.detach_state()
    assert 2 == graph.tagged("turns")


class Leaky(nn.Module):
    """Needs its state: zeros at first."""

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        return 0.5 * h + x


@pytest.mark.parametrize("cell", ["state_add", Leaky()], ids=["left out at first", "zeros at first"])
@pytest.mark.parametrize("observed", [True, False])
def test_a_compiled_graph_carries_as_the_eager_one(cell: object, observed: bool, device: torch.device) -> None:
    """First call, later ones, after detaching, evaluating and resetting: whether or not anything is kept to be read."""
    torch._dynamo.reset()
    eager = FlowBuilder("linear", 4, 4).through(cell).using(h="h").tag("h").through("tanh").build().to(device)
    if not observed:
        eager.observe()
    twin = copy.deepcopy(eager)
    compiled = torch.compile(twin, backend="eager", fullgraph=not isinstance(cell, Leaky))
    for turn in range(8):
        x = torch.randn(2, 4, device=device)
        made = eager(x), compiled(x)
        assert made[0].equal(made[1])
        if turn == 2:
            with eager.evaluating():
                expected = eager(x)
            with twin.evaluating():
                assert expected.equal(compiled(x))
        for graph, value in zip((eager, twin), made, strict=True):
            value.sum().backward()
            graph.detach_state()
            if turn == 5:
                graph.reset_state()
    for expected, actual in zip(eager.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(expected.grad, actual.grad)


class Pair(NamedTuple):
    """A stream, and a state that is a tuple, as an LSTM's is."""

    stream: Tensor
    state: tuple[Tensor, Tensor]


class Wound(nn.Module):
    """An LSTM's cell that hands out its whole state."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(4, 4)

    def forward(self, x: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> Pair:
        h, c = self.cell(x, hx)
        return Pair(h, (h, c))


def test_a_state_that_is_a_tuple(device: torch.device) -> None:
    """It is carried, cut off, moved, saved and reset whole."""
    graph = FlowBuilder(Wound()).using(hx="hc").tag("out", state="hc").build().to(device)
    xs, state = torch.randn(4, 2, 4, device=device), None
    for x in xs[:2]:
        state = graph.out.cell(x, state)
        assert torch.equal(state[0], graph(x))
    graph.detach_state()
    expected = graph.out.cell(xs[2], tuple(part.detach() for part in state))[0]
    parameters = list(graph.parameters())
    wanted = torch.autograd.grad(expected.sum(), parameters)
    saved = copy.deepcopy(graph.run_state())
    torch.testing.assert_close(wanted, torch.autograd.grad(graph(xs[2]).sum(), parameters))
    graph.load_run_state(saved)
    assert torch.equal(expected, graph(xs[2]))
    graph.detach_state()
    assert not any(part.requires_grad for part in graph.carried["hc"])
    assert (torch.float64, torch.float64) == tuple(part.dtype for part in graph.double().carried["hc"])
    graph.float().reset_state()
    assert torch.equal(graph.out.cell(xs[3])[0], graph(xs[3]))
