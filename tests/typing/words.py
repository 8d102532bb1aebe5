"""What reads well can be written, and has the types that it should."""

from __future__ import annotations

import torch
from flodl import FlowBuilder, Graph, ref
from torch import Tensor, nn


def scale(x: Tensor, gain: Tensor) -> Tensor:
    return x * gain


expert = nn.Linear(8, 8)
base: FlowBuilder = FlowBuilder("linear", 2, 8, bias=True).tag("encoded")
flow: FlowBuilder = (
    base.through("gelu")
    .through(nn.LayerNorm(8))
    .through(ref("linear", 8, 8))
    .through(FlowBuilder("tanh"))
    .through(scale).using(gain="encoded")
    .also("linear", 8, 8)
    .also(expert, skip=ref("linear", 8, 8))
    .fork("tanh").using().tag("side")
    .split("tanh", expert, ref("linear", 8, 8)).using().tag_group("head").merge("mean")
    .gate("softmax_router", [expert, "tanh"], dim=8).using("encoded").tag("mixed", weights="routing")
    .switch("argmax_selector", ["relu", "tanh"], per="sample", dim=8).tag(index="chosen")
    .loop_body("linear", 8, 8).for_n(3).tag(states="every")
    .loop_body(expert).while_cond("threshold_halt", 10, threshold=5.0)
    .loop_body(expert).until_cond(ref("learned_halt", 8), 10, per="sample")
    .map("linear", 8, 8).each()
    .map("linear", 4, 4).batched().slices(2)
    .map("tanh").over("side")
    .merge("cat", dim=1).using("side")
    .at("encoded")
    .input("text")
    .word("through", "tanh")
    .label("model")
)
graph: Graph = flow.build("f32[B,2]", text="f32[B,8]")
module: nn.Module = graph
path: str = graph.code + graph.to_toml() + graph.summary()
value: Tensor = graph.tagged("encoded")
metrics: dict[str, float] = graph.end_epoch()
trained: Graph = graph.train().eval().to(torch.float64)
checked: str | None = graph.check("f32[B,2]")
inner: Graph = graph.subgraph("encoder")
again: FlowBuilder = FlowBuilder.from_toml("").through("tanh")
