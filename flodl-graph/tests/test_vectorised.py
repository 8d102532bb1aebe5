"""`map` in one go: the same as element by element, and only where nobody could tell."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from flodl_graph import FlowBuilder, Graph
from flodl_graph.vectorised import vectorisable
from torch import Tensor, nn

BODIES: dict[str, Callable[[], nn.Module]] = {
    "linear": lambda: nn.Linear(4, 6),
    "sequential": lambda: nn.Sequential(nn.Linear(4, 4), nn.GELU(), nn.LayerNorm(4)),
    "rows of it": lambda: nn.Sequential(nn.Flatten(0), nn.Unflatten(0, (2, 2))),
    "graph": lambda: (
        FlowBuilder(nn.Linear(4, 4)).also(nn.Linear(4, 4)).split(nn.Tanh(), nn.ReLU()).merge("add").build()
    ),
    "loop": lambda: FlowBuilder().loop_body(nn.Linear(4, 4)).for_n(3).build(),
    "gate": lambda: FlowBuilder().gate(nn.Linear(4, 2), [nn.Linear(4, 4), nn.Tanh()]).build(),
    "batch norm, not training": lambda: nn.BatchNorm1d(4).eval(),
    "dropout, not training": lambda: nn.Sequential(nn.Dropout(0.5), nn.Linear(4, 4)).eval(),
    "cell": lambda: nn.GRUCell(4, 4),
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("slices", [None, 2])
def test_in_one_go_is_as_one_by_one(name: str, slices: int | None, device: torch.device) -> None:
    """Outputs, and gradients of input and parameters, are those of the loop up to rounding."""
    body = BODIES[name]().to(device)
    assert vectorisable(body)
    flow = FlowBuilder().map(body)
    model = flow.slices(slices).build() if slices else flow.each().build()
    x = torch.randn(5, 4 * (slices or 1), device=device, requires_grad=True)
    rows = x.reshape(-1, 4)
    expected = torch.cat([body(row) for row in rows.split(1)])
    expected = expected.reshape(5, -1) if slices else expected
    actual = model(x)
    torch.testing.assert_close(actual, expected)
    over = [x, *body.parameters()]
    for mine, theirs in zip(*(torch.autograd.grad(y.sum(), over) for y in (actual, expected)), strict=True):
        torch.testing.assert_close(mine, theirs)


def test_it_is_one_call() -> None:
    """A body of known modules runs once for the batch: as many kernels as for one element."""
    model = FlowBuilder().map(nn.Linear(4, 4)).each().build()
    with torch.profiler.profile() as profile:
        model(torch.randn(16, 4))
    products = [
        event.count for event in profile.key_averages() if event.key in ("aten::addmm", "aten::bmm", "aten::mm")
    ]
    assert sum(products) < 16


class Counting(nn.Module):
    """A user's own Python, which may notice each call."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return x * x.sum()


def test_python_of_a_user_sees_every_element() -> None:
    """A module of their own, a function, a hook: each is called element by element."""
    own = Counting()
    FlowBuilder().map(own).each().build()(torch.ones(3, 2))
    assert own.calls == 3
    seen: list[int] = []
    FlowBuilder().map(lambda x: seen.append(len(x)) or x).each().build()(torch.ones(3, 2))
    assert seen == [1, 1, 1]
    hooked = nn.Linear(2, 2)
    hooked.register_forward_hook(lambda module, inputs, output: seen.append(len(output)))
    FlowBuilder().map(hooked).each().build()(torch.ones(3, 2))
    assert seen == [1] * 6


def test_chance_and_statistics_are_drawn_one_by_one() -> None:
    """Dropout draws, and batch norm gathers, in training, exactly what the loop does."""
    body = nn.Sequential(nn.Dropout(0.5), nn.Linear(4, 4))
    model = FlowBuilder().map(body).each().build()
    x = torch.randn(6, 4)
    torch.manual_seed(1)
    actual = model(x)
    torch.manual_seed(1)
    assert torch.equal(torch.cat([body(row) for row in x.split(1)]), actual)
    norm = nn.BatchNorm1d(3)
    FlowBuilder().map(norm).each().build()(torch.randn(5, 3, 7))
    assert norm.num_batches_tracked is not None
    assert int(norm.num_batches_tracked) == 5


def test_a_graph_that_keeps_its_last_call_keeps_the_last_element(device: torch.device) -> None:
    """Tags inside a mapped graph stay readable, and are those of the last element."""
    inner = FlowBuilder(nn.Linear(4, 4)).tag("hidden").through("tanh").label("inner").build()
    model: Graph = FlowBuilder().map(inner).each().build().to(device)
    x = torch.randn(3, 4, device=device)
    model(x)
    torch.testing.assert_close(inner.tagged("hidden"), inner.get_submodule("hidden")(x[-1:]))
    assert not vectorisable(inner)
    inner.observe()
    assert vectorisable(inner)


def test_what_torch_cannot_vectorise_is_looped_from_then_on() -> None:
    """A switch that reads an index on the host goes one by one; a wrong shape is the module's own error."""
    model = FlowBuilder().map(FlowBuilder().switch("argmax_selector", [nn.Tanh(), nn.ReLU()], dim=4).build()).each()
    graph = model.build()
    x = torch.randn(5, 4)
    inner = graph.get_submodule("map_1").get_submodule("body")
    assert torch.equal(torch.cat([inner(row) for row in x.split(1)]), graph(x))
    assert torch.equal(torch.cat([inner(row) for row in x.split(1)]), graph(x))
    with pytest.raises(RuntimeError, match=r"mat1 and mat2 shapes cannot be multiplied \(1x3 and 4x4\)"):
        FlowBuilder().map(nn.Linear(4, 4)).each().build()(torch.ones(2, 3))
