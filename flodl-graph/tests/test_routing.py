"""Gates, switches, loops and maps against the same written by hand: outputs and gradients."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from flodl_core import FlodlError, RoutingError, ShapeError, ref
from flodl_graph import FlowBuilder, Graph
from torch import Tensor, nn


def close(graph: Graph, oracle: Callable[[Tensor], Tensor], x: Tensor) -> None:
    """Outputs, and gradients of the input and of every parameter, are equal within float64 rounding."""
    graph.to(dtype=torch.float64, device=x.device)
    parameters = list(graph.parameters())
    results = []
    for forward in (graph, oracle):
        leaf = x.clone().requires_grad_()
        y = forward(leaf)
        gradients = torch.autograd.grad((y * y).sum(), [leaf, *parameters], allow_unused=True)
        results.append((y.detach(), *(torch.zeros(()) if g is None else g for g in gradients)))
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


@pytest.fixture
def x(device: torch.device) -> Tensor:
    return torch.randn(5, 4, dtype=torch.float64, device=device)


@pytest.mark.parametrize(
    ("router", "squash"), [("softmax_router", lambda z: z.softmax(-1)), ("sigmoid_router", torch.sigmoid)]
)
def test_gate_blends_all_experts(router: str, squash: Callable[[Tensor], Tensor], x: Tensor) -> None:
    """The weights come from the stream plus the references; the router is told the number of experts."""
    experts = [nn.Linear(4, 3) for _ in range(3)]
    graph = FlowBuilder(nn.Linear(4, 4)).tag("a").through("tanh").gate(router, experts, dim=4).using("a").build()

    def oracle(x: Tensor) -> Tensor:
        a = graph.a(x)
        h = torch.tanh(a)
        weights = squash(graph.gate_1.router.linear(h + a))
        return sum(weights[:, i : i + 1] * expert(h) for i, expert in enumerate(experts))

    close(graph, oracle, x)


@pytest.mark.parametrize("shape", [(3, 4), (3, 3, 4), (3, 4, 3, 3)])
def test_weights_of_a_row_hold_for_all_of_it(shape: tuple[int, ...], device: torch.device) -> None:
    """A router that looks at a whole sequence or image; as many places as rows change nothing."""

    def router(x: Tensor) -> Tensor:
        return x.flatten(1)[:, :2].softmax(-1)

    x = torch.randn(shape, device=device)
    rows = [w[0] * torch.tanh(row) + w[1] * torch.relu(row) for row, w in zip(x, router(x), strict=True)]
    torch.testing.assert_close(torch.stack(rows), FlowBuilder().gate(router, ["tanh", "relu"]).build()(x))


@pytest.mark.parametrize("width", [1, 3])
def test_a_router_weighs_every_expert(width: int) -> None:
    """One weight for all, or one too many, is told and not spread."""
    graph = FlowBuilder().gate(nn.Linear(4, width), ["tanh", "relu"]).build()
    with pytest.raises(
        RoutingError, match=rf"(?s)2 experts, and its router gave weights \[3, {width}\]\n.*dimension is 2"
    ):
        graph(torch.randn(3, 4))


def test_a_gates_weights_are_an_output(x: Tensor) -> None:
    """`tag(weights="w")` names them; they sum to 1."""
    flow = FlowBuilder("linear", 4, 4).gate("softmax_router", ["tanh", "relu"], dim=4).tag(weights="w").at("w")
    graph = flow.build().to(dtype=torch.float64, device=x.device)
    assert (5, 2) == tuple(graph(x).shape)
    torch.testing.assert_close(torch.ones(5, dtype=torch.float64, device=x.device), graph(x).sum(1))


def test_switch_runs_the_chosen_branch_only(x: Tensor) -> None:
    """The others are not called."""
    called: list[int] = []

    def branch(number: int) -> Callable[[Tensor], Tensor]:
        def run(x: Tensor) -> Tensor:
            called.append(number)
            return x * number

        return run

    graph = FlowBuilder().switch("fixed_selector", [branch(1), branch(2), branch(3)], index=1).build()
    assert torch.equal(x * 2, graph(x))
    assert [2] == called


def test_switch_per_sample_chooses_for_each_row(x: Tensor) -> None:
    """Every row gets its own branch's output, and the gradients that go with it."""
    branches = [nn.Linear(4, 3), nn.Linear(4, 3)]
    graph = FlowBuilder().switch("argmax_selector", branches, per="sample", dim=4).build()

    def oracle(x: Tensor) -> Tensor:
        chosen = graph.switch_1.selector.linear(x).argmax(1)
        return torch.stack([branches[int(i)](row) for i, row in zip(chosen, x, strict=True)])

    close(graph, oracle, x)


def test_argmax_per_batch_lets_the_whole_batch_vote(x: Tensor) -> None:
    """One index in range, from the mean of the logits: never an index into the flattened batch."""
    graph = FlowBuilder().switch("argmax_selector", ["tanh", "relu", "identity"], dim=4).tag(index="i").at("i").build()
    graph.to(dtype=torch.float64, device=x.device)
    logits = graph.switch_1.selector.linear(x)
    assert torch.equal(logits.mean(0).argmax(), graph(x))


@pytest.mark.parametrize("index", [-1.0, 2.0, 0.5, float("nan")])
def test_a_selector_that_chooses_what_is_not_there(index: float, x: Tensor) -> None:
    """Negative, too large, between two branches, NaN: told, never turned into branch 0."""
    graph = FlowBuilder().switch(lambda x: torch.tensor(index), ["tanh", "relu"]).build()
    with pytest.raises(RoutingError, match="and has branches 0 to 1"):
        graph(x)


def test_an_index_per_row_where_one_is_due(x: Tensor) -> None:
    """Per batch needs one index; the error says how to choose per sample."""
    graph = FlowBuilder().switch(lambda x: torch.zeros(5), ["tanh", "relu"]).build()
    with pytest.raises(ShapeError, match='per="sample"'):
        graph(x)


def test_for_n_runs_the_body_n_times(x: Tensor) -> None:
    """The state of one turn is the input of the next; references go to the body every turn."""

    class Body(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(4, 4)

        def forward(self, x: Tensor, context: Tensor) -> Tensor:
            return torch.tanh(self.linear(x) + context)

    body = Body()
    graph = FlowBuilder(nn.Linear(4, 4)).tag("context").loop_body(body).for_n(3).using("context").build()

    def oracle(x: Tensor) -> Tensor:
        context = state = graph.context(x)
        for _ in range(3):
            state = body(state, context)
        return state

    close(graph, oracle, x)


@pytest.mark.parametrize(("word", "at_least"), [("while_cond", 0), ("until_cond", 1)])
@pytest.mark.parametrize("threshold", [-100.0, 5.0, 1e9])
def test_conditions_stop_the_loop(word: str, at_least: int, threshold: float) -> None:
    """While asks before each turn, until after each but the last; a signal above 0 stops both."""
    start = torch.tensor([[1.0, 2.0]])
    loop = getattr(FlowBuilder().loop_body(lambda x: x * 2), word)
    graph = loop("threshold_halt", 6, threshold=threshold).tag("out", states="states", steps="steps").build()
    state, turns = start, 0
    while turns < 6 and (turns < at_least or state.max() <= threshold):
        state, turns = state * 2, turns + 1
    assert torch.equal(state, graph(start))


def test_a_loops_states_and_steps_are_outputs() -> None:
    """Every turn's state, stacked, and how many there were."""
    flow = FlowBuilder().loop_body(lambda x: x + 1).for_n(3).tag("out", states="states")
    assert torch.equal(torch.tensor([[1.0], [2.0], [3.0]]), flow.at("states").build()(torch.zeros(1)))


@pytest.mark.parametrize("word", ["while_cond", "until_cond"])
def test_per_sample_halted_rows_keep_their_state(word: str) -> None:
    """Each row stops on its own, as if it had been alone; gradients too."""
    rows = torch.tensor([[0.5], [3.0], [40.0]], dtype=torch.float64)

    def flow(per: str) -> Graph:
        loop = FlowBuilder().loop_body(lambda x: x * 2)
        return getattr(loop, word)("threshold_halt", 5, per=per, threshold=10.0).build()

    alone = torch.cat([flow("batch")(row[None]) for row in rows])
    assert torch.equal(alone, flow("sample")(rows))


def test_learned_halt_stops_when_every_row_says_so() -> None:
    """A logit above 0 means stop; per batch every row must say so."""
    graph = FlowBuilder().loop_body(lambda x: x + 1).until_cond("learned_halt", 5, dim=1).build()
    halt = graph.loop_1.condition.linear
    with torch.no_grad():
        halt.weight.fill_(1.0)
        halt.bias.fill_(-2.5)
    assert torch.equal(torch.tensor([[3.0], [4.0]]), graph(torch.tensor([[0.0], [1.0]])))


def test_map_each_and_batched(x: Tensor) -> None:
    """Element by element; `batched` hands over all at once."""
    body = nn.Linear(4, 2)
    close(FlowBuilder().map(body).each().build(), body, x)
    seen: list[int] = []

    def note(x: Tensor) -> Tensor:
        seen.append(len(x))
        return x

    FlowBuilder().map(note).each().build()(x)
    FlowBuilder().map(note).batched().each().build()(x)
    assert [1, 1, 1, 1, 1, 5] == seen


def test_map_over_goes_on_from_a_tag(x: Tensor) -> None:
    """The stream afterwards is the result over the tagged value."""
    a, body = nn.Linear(4, 4), nn.Linear(4, 2)
    close(FlowBuilder(a).tag("a").through("tanh").map(body).over("a").build(), lambda x: body(a(x)), x)


@pytest.mark.parametrize("shape", [(5, 12), (2, 3, 12)])
def test_map_slices_the_last_dimension(shape: tuple[int, ...], device: torch.device) -> None:
    """Any rank: each slice of the features goes through the same body."""
    body = nn.Linear(4, 2)
    x = torch.randn(*shape, dtype=torch.float64, device=device)
    close(FlowBuilder().map(body).slices(3).build(), lambda x: torch.cat([body(s) for s in x.split(4, -1)], -1), x)


@pytest.mark.parametrize(
    ("flow", "what"),
    [
        (FlowBuilder().gate("softmax_router", ["tanh"], dim=4), "gate() blends at least 2 experts, got 1"),
        (
            FlowBuilder().switch("fixed_selector", ["tanh"], index=0),
            "switch() chooses between at least 2 branches, got 1",
        ),
        (FlowBuilder().loop_body("tanh").for_n(0), "a loop runs at least once, got 0"),
        (FlowBuilder().loop_body("tanh").while_cond("learned_halt", 0, dim=4), "a loop runs at least once, got 0"),
        (FlowBuilder().word("loop_body", "tanh"), "a loop runs by one of for_n, while_cond and until_cond, got none"),
        (FlowBuilder().map("tanh").slices(0), "map().slices() cuts at least 1 slice, got 0"),
        (
            FlowBuilder().switch("fixed_selector", ["tanh", "relu"], per="row", index=0),
            "switch(): argument 'per' is 'batch' or 'sample', got 'row'",
        ),
        (
            FlowBuilder("tanh").tag("h").loop_body("tanh").for_n(2).using("h"),
            "loop_1 takes no argument 'h' besides the stream",
        ),
    ],
)
def test_wording(flow: FlowBuilder, what: str) -> None:
    """Each mistake has one plain sentence."""
    with pytest.raises(FlodlError) as caught:
        flow.build()
    assert what == caught.value.what


def test_slices_that_do_not_fit(x: Tensor) -> None:
    """Told with the shape."""
    with pytest.raises(ShapeError, match=r"cuts the last dimension evenly, got \(5, 4\)"):
        FlowBuilder().map("tanh").slices(3).build()(x)


def test_children_go_by_their_role() -> None:
    """Paths into composites: `gate_1.experts.0`, `loop_1.body`."""
    inner = FlowBuilder("linear", 4, 4).tag("hidden").label("expert").build()
    graph = FlowBuilder().gate("softmax_router", [inner, ref("linear", 4, 4)], dim=4).loop_body("tanh").for_n(2).build()
    assert "gate_1.experts.0.hidden.weight" in graph.state_dict()
    assert graph.get_submodule("loop_1.body") is graph.loop_1.body


def test_modules_of_several_outputs_inside_others(x: Tensor) -> None:
    """Their first output is what counts, as anywhere in a flow."""

    class Pair(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            return torch.tanh(x), x

    t = torch.tanh(x)
    assert torch.equal(t, FlowBuilder().switch("fixed_selector", [Pair(), "relu"], index=0).build()(x))
    assert torch.equal(torch.tanh(t), FlowBuilder().loop_body(Pair()).for_n(2).build()(x))
    assert torch.equal(t, FlowBuilder().map(Pair()).each().build()(x))
    gate = FlowBuilder().gate(lambda x: torch.full((len(x), 2), 0.5, dtype=x.dtype, device=x.device), [Pair(), Pair()])
    torch.testing.assert_close(gate.build()(x), t)


@pytest.mark.parametrize("wrong", [-1, 2, 7])
def test_a_row_that_is_sent_where_no_branch_is(wrong: int) -> None:
    """Never to another branch: on the host it is told, whatever the other rows say."""
    index = torch.tensor([0, wrong, 1])
    graph = FlowBuilder().switch(lambda x: index, ["relu", "tanh"], per="sample").build()
    with pytest.raises(RoutingError, match=f"switch\\(\\) was told branch {wrong}, and has branches 0 to 1"):
        graph(torch.ones(3, 2))


@pytest.mark.parametrize("per", ["batch", "sample"])
def test_what_decides_gives_tensors(per: str) -> None:
    """A selector, a halt, a router: of a number of Python's the gradient, the device and the row are not known."""
    blended = FlowBuilder().gate(lambda x: 0.5, ["relu", "tanh"]).build()
    with pytest.raises(RoutingError, match=r"a router gives a tensor, got 0\.5"):
        blended(torch.ones(3, 2))
    chosen = FlowBuilder().switch(lambda x: 1, ["relu", "tanh"], per=per).build()
    with pytest.raises(RoutingError, match="a selector gives a tensor, got 1"):
        chosen(torch.ones(3, 2))
    halted = FlowBuilder().loop_body("tanh").while_cond(lambda x: True, 3, per=per).build()
    with pytest.raises(RoutingError, match="a halt gives a tensor, got True"):
        halted(torch.ones(3, 2))
