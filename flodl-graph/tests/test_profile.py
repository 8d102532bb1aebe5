"""Profiles: the slow part is found, forward and backward, and the graph is left as it was."""

from __future__ import annotations

import time
from typing import Any

import pytest
import torch
from attrs import frozen
from flodl_core import PathError, TrainingError
from flodl_core.where import Where
from flodl_graph import AbstractNode, FlowBuilder, Graph, Part, Profile, Sketch
from flodl_graph.ir.graph import GraphIR
from flodl_graph.words.through import Through
from torch import Tensor, nn
from zoo import ZOO

SLEEP = 0.05  # seconds; everything else here takes far less


class Slow(nn.Module):
    """Sleeps in forward, in backward, or in both."""

    def __init__(self, forward: float = 0.0, backward: float = 0.0) -> None:
        super().__init__()
        self.times = (forward, backward)

    def forward(self, x: Tensor) -> Tensor:
        return Sleep.apply(x, *self.times)


class Sleep(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, forward: float, backward: float) -> Tensor:
        ctx.backward = backward
        time.sleep(forward)
        return x.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        time.sleep(ctx.backward)
        return gradient.clone(), None, None


def names(profile: Profile) -> list[str]:
    return [row.path for row in profile.rows]


@pytest.mark.parametrize("way", ["forward", "backward"])
def test_the_slow_part_is_found(way: str) -> None:
    """A node that sleeps in one direction is the hottest, takes at least its sleep there, and nobody else does."""
    slow = Slow(**{way: SLEEP})
    graph = FlowBuilder("linear", 4, 4).through(slow).tag("slow").also("linear", 4, 4).through("gelu").build()
    profile = graph.profile(torch.randn(8, 4), repeat=2)
    assert "slow" == profile.hottest.path
    assert getattr(profile["slow"], way) >= SLEEP * 1000
    assert max(row.total for row in profile.rows if row.path != "slow") < SLEEP * 1000 / 2
    assert 1.0 == profile.heat["slow"]


def test_the_slow_part_is_found_inside() -> None:
    """In a graph in a loop, in an expert, and in a residual's module; what is around it has its time too."""
    body = FlowBuilder("linear", 4, 4).through(Slow(SLEEP / 3, SLEEP / 3)).tag("slow").label("body_graph")
    graph = FlowBuilder("linear", 4, 4).loop_body(body).for_n(3).tag("loop").through("tanh").build()
    profile = graph.profile(torch.randn(8, 4), repeat=1)
    row = profile["loop.body.slow"]
    assert 3 == row.calls
    assert row.forward >= SLEEP * 1000
    assert row.backward >= SLEEP * 1000
    assert profile["loop"].forward >= profile["loop.body"].forward >= row.forward
    assert profile["loop"].backward >= profile["loop.body"].backward >= row.backward
    assert profile.backward >= profile["loop"].backward
    gate = FlowBuilder("linear", 4, 4).gate("softmax_router", [Slow(0, SLEEP), "tanh"], dim=4).tag("gate").build()
    assert "gate.experts.0" == gate.profile(torch.randn(8, 4), repeat=1).hottest.path


def test_a_first_layer_without_gradient_of_its_input() -> None:
    """Backward of what reads no gradient ends with the whole backward, not with nothing."""

    class First(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(4))
            self.slow = Slow(0, SLEEP)

        def forward(self, x: Tensor) -> Tensor:
            return x * self.slow(self.weight)

    graph = FlowBuilder(First()).tag("first").through("linear", 4, 4).build()
    profile = graph.profile(torch.randn(8, 4), repeat=1)
    assert profile["first"].backward >= SLEEP * 1000
    assert profile["linear_1"].backward < SLEEP * 500


def test_what_a_word_does_around_its_parts_is_its_own() -> None:
    """The backward of a part ends where its input's gradient is known; what comes then is not counted to it."""

    class Around(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.slow, self.body = Slow(0, SLEEP), nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            return self.body(self.slow(x))

    @frozen(kw_only=True)
    class Wrapped(AbstractNode):
        word = "wrapped"

        @classmethod
        def from_words(cls) -> tuple[dict[str, Any], Part]:
            return {}, Around()

        def sketch(self, part: Part) -> Sketch:
            return Sketch("wrapped", inner=(Sketch("body", name="body"),))

    first = Through(name="first", streams=("x",), where=Where("here"))
    wrapped = Wrapped(name="wrapped", streams=("first",), where=Where("here"))
    ir = GraphIR(inputs=("x",), nodes=(first, wrapped), output="wrapped")
    profile = Graph(ir, {"first": nn.Linear(4, 4), "wrapped": Around()}).profile(torch.randn(2, 4), repeat=1)
    assert profile["wrapped"].backward >= SLEEP * 1000
    assert profile["wrapped.body"].backward < SLEEP * 500
    assert profile["first"].backward < SLEEP * 500


def test_the_parts_add_up() -> None:
    """The nodes of a graph take no longer than the whole, in either direction."""
    profile = ZOO["chain"]().profile(torch.randn(64, 2), repeat=3)
    top = [row for row in profile.rows if "." not in row.path]
    assert sum(row.forward for row in top) <= profile.forward
    assert sum(row.backward for row in top) <= profile.backward
    assert abs(sum(row.share for row in top)) <= 1.0


def test_every_node_that_runs_has_a_row() -> None:
    """In the graph's order, each followed by what is inside it; a branch that is not taken has none."""
    graph = FlowBuilder("linear", 4, 4).switch("fixed_selector", ["tanh", "relu"], index=1).tag("choice").build()
    profile = graph.profile(torch.randn(2, 4), repeat=1)
    assert ["linear_1", "choice", "choice.branches.1", "choice.selector"] == names(profile)
    nested = ZOO["nested"]()
    found = names(nested.profile(torch.randn(2, 4), repeat=1))
    assert ["encoder", "encoder.linear_1", "encoder.cell", "encoder.cell.hidden", "encoder.cell.act"] == found[:5]


def test_the_graph_is_left_as_it_was() -> None:
    """Parameters, gradients, buffers, generators, carried and kept state, mode, source and hooks."""
    flow = FlowBuilder("linear", 4, 4).through("batch_norm1d", 4).through("dropout", 0.5)
    graph = flow.through("state_add").using("m").through("linear", 4, 4).tag("m").build()
    x = torch.randn(8, 4, requires_grad=True)
    graph(x).sum().backward()
    before = {name: value.clone() for name, value in graph.state_dict().items()}
    gradients = [parameter.grad for parameter in graph.parameters()]
    copies = [gradient.clone() for gradient in gradients if gradient is not None]
    carried, kept, code, random = graph.carried["m"], graph.tagged("m"), graph.code, torch.get_rng_state()
    graph.profile(x, repeat=2)
    assert all(torch.equal(value, before[name]) for name, value in graph.state_dict().items())
    assert all(parameter.grad is gradient for parameter, gradient in zip(graph.parameters(), gradients, strict=True))
    assert all(torch.equal(gradient, copy) for gradient, copy in zip(gradients, copies, strict=True))
    assert graph.carried["m"] is carried
    assert graph.tagged("m") is kept
    assert graph.training
    assert code == graph.code
    assert torch.equal(random, torch.get_rng_state())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in graph.modules())
    assert "watch" not in type(graph).forward.__code__.co_names


def test_it_is_left_as_it_was_after_an_error() -> None:
    """A node that raises does so as ever, and nobody watches afterwards."""
    graph = FlowBuilder("linear", 4, 4).through("linear", 5, 4).build()
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        graph.profile(torch.randn(2, 4))
    assert "watch" not in type(graph).forward.__code__.co_names


def test_writing_into_the_input_changes_nothing_outside() -> None:
    """A module that works in place works on a copy."""
    x = -torch.ones(2, 4)
    FlowBuilder(nn.ReLU(inplace=True)).build().profile(x, repeat=1)
    assert torch.equal(-torch.ones(2, 4), x)


def test_without_gradients() -> None:
    """Under `no_grad`, or with nothing that learns, only forward is timed."""
    graph = FlowBuilder("linear", 4, 4).build()
    with torch.no_grad():
        assert 0.0 == graph.profile(torch.randn(2, 4), repeat=1).backward
    assert 0.0 == FlowBuilder("tanh").build().profile(torch.randn(2, 4), repeat=1).backward


def test_the_table() -> None:
    """`print(profile)`: one line per row, indented by what it is inside of, and the whole."""
    lines = str(ZOO["chain"]().profile(torch.randn(4, 2), repeat=2)).splitlines()
    assert "on cpu, mean of 2 calls" == lines[0]
    assert ["part", "calls", "forward", "ms", "backward", "ms", "share"] == lines[2].split()
    assert lines[4].startswith("encoded ")
    assert any(line.startswith("  experts.0 ") for line in lines)
    assert any(line.startswith("    linear_1 ") for line in lines)
    assert lines[-1].startswith("total ")
    assert lines[-1].endswith("100.0%")
    assert 1 == len({len(line) for line in lines[1:]})


def test_heat_on_the_drawing() -> None:
    """The hottest box is red, times stand in the boxes, and a legend tells what the colours mean."""
    graph = FlowBuilder("linear", 4, 4).through(Slow(SLEEP)).tag("slow").build()
    profile = graph.profile(torch.randn(2, 4), repeat=1)
    text = graph.svg(profile=profile)
    assert 'class="node plain heat-10" data-path="slow"' in text
    assert f">{profile['slow'].forward:.2f} + {profile['slow'].backward:.2f} ms<" in text
    assert f"{profile['slow'].total:.2f} ms: slow" in text
    assert "heat-10" not in graph.svg()
    assert '"#e74c3c"' in graph.dot(profile=profile)


def test_mistakes() -> None:
    """No calls to average over; a path that was not timed."""
    graph = FlowBuilder("linear", 4, 4).build()
    with pytest.raises(TrainingError, match=r"profile\(\) averages over at least 1 call, got 0"):
        graph.profile(torch.randn(2, 4), repeat=0)
    with pytest.raises(PathError, match="'linear_2' was not timed") as caught:
        graph.profile(torch.randn(2, 4), repeat=1)["linear_2"]
    assert "did you mean 'linear_1'?" in str(caught.value)


@pytest.mark.parametrize("name", ["loops", "maps", "memory", "attention", "experts", "switch", "forks", "tied", "unet"])
def test_every_sort_of_graph(name: str) -> None:
    """All words can be profiled, and every node of theirs that runs has a row."""
    graph = ZOO[name]()
    width = next(p.shape[-1] for p in graph.parameters())
    inputs = [torch.randn(3, width) for _ in graph.ir.inputs]
    if name == "attention":
        inputs = [torch.randn(3, 5, 8), torch.randn(3, 5, 8), torch.ones(3, 5, 5)]
    profile = graph.profile(*inputs, repeat=1)
    assert {node.name for node in graph.ir.nodes} <= set(names(profile))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA events need a GPU")
def test_device_times() -> None:
    """On a GPU the kernels are timed, not their launches: a heavy matmul is the hottest by far."""
    graph = FlowBuilder("linear", 64, 4096).through("linear", 4096, 4096).tag("heavy").through("linear", 4096, 8)
    built = graph.also("linear", 8, 8).build().cuda()
    profile = built.profile(torch.randn(4096, 64, device="cuda"), repeat=5)
    others = [row.total for row in profile.rows if row.path != "heavy"]
    assert "cuda:0" == profile.device
    assert "heavy" == profile.hottest.path
    assert profile["heavy"].forward > 3 * max(others) / 2
    assert profile["linear_4"].total < 0.5
