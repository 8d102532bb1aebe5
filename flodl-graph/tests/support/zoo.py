"""A dozen graphs that between them use everything: what golden files and tests of drawings look at.

None needs flodl-nn: names are torch's own layers, other modules are defined here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from flodl_core import ref
from flodl_graph import FlowBuilder, Graph
from torch import Tensor, nn


class Attend(nn.Module):
    """Something that takes further inputs."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.query = nn.Linear(dim, dim)

    def forward(self, x: Tensor, context: Tensor, mask: Tensor | None = None) -> Tensor:
        weights = torch.softmax(self.query(x) @ context.mT, -1)
        return x + weights @ context if mask is None else x + (weights * mask) @ context


class Halves(NamedTuple):
    """What `Cut` makes."""

    low: Tensor
    high: Tensor


class Cut(nn.Module):
    """Something with several outputs."""

    def forward(self, x: Tensor) -> Halves:
        low, high = x.chunk(2, -1)
        return Halves(low, high)


def chain() -> Graph:
    """Every word in one graph."""
    expert = FlowBuilder("linear", 16, 16).through("relu")
    return (
        FlowBuilder("linear", 2, 16)
        .tag("encoded")
        .through("gelu")
        .through("layer_norm", 16)
        .also("linear", 16, 16)
        .split(*[ref("linear", 16, 16)] * 3)
        .tag_group("head")
        .merge("mean")
        .loop_body(FlowBuilder("linear", 16, 16).through("tanh"))
        .for_n(3)
        .tag("refined")
        .gate("softmax_router", [ref("linear", 16, 16), expert], dim=16)
        .using("encoded")
        .switch("argmax_selector", [ref("linear", 16, 16), "identity"], dim=16)
        .using("refined")
        .through("state_add")
        .using("memory")
        .tag("memory")
        .loop_body("linear", 16, 16)
        .while_cond("threshold_halt", 10, threshold=3.0)
        .fork("linear", 16, 4)
        .tag("aux")
        .map("linear", 4, 4)
        .batched()
        .slices(4)
        .through("linear", 16, 2)
        .label("model")
        .build()
    )


def mlp() -> Graph:
    """The simplest."""
    return FlowBuilder("linear", 4, 8).through("gelu").through("linear", 8, 2).label("mlp").build()


def residual() -> Graph:
    """A tower of residual blocks, each a graph of its own; the last with a projection."""
    block = FlowBuilder("layer_norm", 8).through("linear", 8, 8).through("gelu").through("dropout", 0.1)
    return (
        FlowBuilder("linear", 4, 8)
        .also(block)
        .also(block)
        .also("linear", 8, 2, skip=ref("linear", 8, 2))
        .label("tower")
        .build()
    )


def unet() -> Graph:
    """Joins over long distances, one inside the other."""
    flow = FlowBuilder("linear", 8, 8).tag("e1").through("linear", 8, 8).tag("e2").through("linear", 8, 8).tag("e3")
    flow = flow.through("linear", 8, 8).tag("middle")
    for level in (3, 2, 1):
        flow = flow.merge("cat", dim=1).using(f"e{level}").through("linear", 16, 8).tag(f"d{level}")
    return flow.label("unet").build()


def towers() -> Graph:
    """Two streams that meet late."""
    left = FlowBuilder().input("right").through("linear", 8, 8).through("gelu").through("linear", 8, 8).tag("left_out")
    right = left.at("right").through("linear", 8, 8).tag("right_out")
    return right.merge("mul").using("left_out").through("linear", 8, 1).label("towers").build()


def experts() -> Graph:
    """Gates in a gate, and the weights of the outer one read further on."""
    inner = FlowBuilder().gate("softmax_router", ["tanh", "relu"], dim=8)
    gate = FlowBuilder("linear", 8, 8).gate("sigmoid_router", [inner, ref("linear", 8, 8), "identity"], dim=8)
    return gate.tag("blended", weights="w").through("linear", 8, 3).merge("add").using("w").label("moe").build()


def switch() -> Graph:
    """A choice for each row."""
    branches = [ref("linear", 8, 8), FlowBuilder("linear", 8, 8).through("relu").also("linear", 8, 8)]
    flow = FlowBuilder("tanh").switch("argmax_selector", branches, per="sample", dim=8).tag(index="picked")
    return flow.through("linear", 8, 2).label("choice").build()


def loops() -> Graph:
    """One of each sort, and one inside another."""
    inner = FlowBuilder().loop_body("linear", 4, 4).for_n(2)
    flow = FlowBuilder("linear", 4, 4).loop_body(inner).for_n(3).tag("out", states="all_states")
    flow = flow.loop_body("tanh").until_cond("threshold_halt", 5, threshold=0.5, per="sample")
    return flow.loop_body("linear", 4, 4).while_cond("learned_halt", 4, dim=4).label("loops").build()


def maps() -> Graph:
    """Over rows, over slices, over something tagged."""
    flow = FlowBuilder("linear", 8, 8).tag("rows").map("linear", 8, 8).each().map("linear", 2, 2).batched().slices(4)
    return flow.map(FlowBuilder("linear", 8, 8).through("gelu")).over("rows").label("maps").build()


def memory() -> Graph:
    """Two states that are carried from call to call, one across the other."""
    flow = FlowBuilder("linear", 4, 4).through("state_add").using("slow").through("tanh").tag("fast")
    flow = flow.through("state_add").using("fast", "slower").through("linear", 4, 4).tag("slow")
    return flow.through("linear", 4, 4).tag("slower").label("memory").build()


def nested() -> Graph:
    """Graphs in graphs, with an output that goes on and a tag that does not; one part frozen."""
    cell = FlowBuilder("linear", 8, 8).tag("hidden").through("gelu").tag("act").label("cell").internal("act")
    encoder = FlowBuilder("linear", 4, 8).through(cell).tag(hidden="early").also("linear", 8, 8).label("encoder")
    graph = (
        FlowBuilder(encoder)
        .tag(early="skip")
        .through("linear", 8, 8)
        .merge("add")
        .using("skip")
        .through("linear", 8, 2)
    )
    built = graph.label("classifier").build()
    built.freeze("encoder.cell")
    return built


def attention() -> Graph:
    """Several inputs, references by other names, a module with several outputs."""
    flow = (
        FlowBuilder("linear", 8, 8).input("text", "mask").tag("q").through(Attend(8)).using(context="text", mask="mask")
    )
    flow = flow.through(Cut()).tag("low", high="high").through("linear", 4, 4).merge("cat", dim=-1).using("high")
    return flow.through("state_add").using("q").label("attention").build()


def forks() -> Graph:
    """Side branches, used and unused."""
    flow = FlowBuilder("linear", 8, 8).fork("linear", 8, 2).tag("aux").through("tanh").fork("linear", 8, 8).tag("side")
    return flow.through("linear", 8, 8).merge("add").using("side").split("relu", "tanh").merge("max").build()


def tied() -> Graph:
    """One module in two places, and a plain function."""
    shared = nn.Linear(4, 4)
    return FlowBuilder(shared).through(torch.relu).through(shared).label("tied").build()


ZOO: dict[str, Callable[[], Graph]] = {
    make.__name__: make
    for make in (
        chain, mlp, residual, unet, towers, experts, switch, loops, maps, memory, nested, attention, forks, tied,
    )
}  # fmt: skip

SHAPES: dict[str, dict[str, Any]] = {
    "chain": {"x": "f32[B,2]"},
    "mlp": {"x": "f32[B,4]"},
    "attention": {"x": "f32[B,T,8]", "text": "f32[B,S,8]", "mask": None},
    "nested": {"x": "f32[B,4]"},
}
"""Inputs with which some of them are checked, so that their drawings have shapes."""
