"""What makes no sense cannot be written: type checkers refuse each marked line, and no other."""

from __future__ import annotations

import torch
from flodl import FlowBuilder, Graph
from torch import nn

flow = FlowBuilder("linear", 2, 8)
gelu = nn.GELU()

flow.split("tanh", "relu").through("gelu")  # must fail: branches are merged first
flow.split("tanh", "relu").tag("h")  # must fail: a tag names one stream
flow.split("tanh", "relu").build()  # must fail: branches are merged first
flow.split("tanh", "relu").merge("add").tag_group("head")  # must fail: after the merge there is one stream
flow.tag_group("head")  # must fail: there is one stream
flow.fork("tanh").through("gelu")  # must fail: a side branch is named first
flow.fork("tanh").merge("add")  # must fail: a side branch is no open branch
flow.fork("tanh").build()  # must fail: a side branch is named first
flow.loop_body("tanh").through("gelu")  # must fail: a loop is told how long it runs
flow.loop_body("tanh").build()  # must fail: a loop is told how long it runs
flow.loop_body("tanh").for_n("three")  # must fail: a number of turns
flow.loop_body("tanh").while_cond("threshold_halt")  # must fail: at most so many turns
flow.loop_body("tanh").for_n(3).for_n(3)  # must fail: once
flow.gate("softmax_router", ["tanh", "relu"]).for_n(3)  # must fail: a gate is no loop
flow.gate("softmax_router")  # must fail: experts are due
flow.gate("softmax_router", gelu)  # must fail: several experts
flow.switch("argmax_selector", ["tanh", "relu"], per="row")  # must fail: "batch" or "sample"
flow.map("tanh").through("gelu")  # must fail: a map is told over what it goes
flow.map("tanh").each().batched()  # must fail: batched comes before each
flow.map("tanh").slices("two")  # must fail: a number of slices
flow.map("tanh").over()  # must fail: over a tag
flow.through()  # must fail: a module is due
flow.using(3)  # must fail: a tag is a name
flow.tag(3)  # must fail: a tag is a name
flow.tag("h", weights=3)  # must fail: a tag is a name
flow.at()  # must fail: a tag is due
flow.label(3)  # must fail: a label is a name
flow.thruogh("gelu")  # must fail: no such word
flow.input(["a", "b"])  # must fail: names, not a list
flow.build()("f32[B,2]").shape.nothing  # a call of a graph gives anything: as any module in torch
flow(torch.zeros(1, 2))  # must fail: a builder is no graph, build() it
flow.parameters()  # must fail: a builder is no graph
flow.label = "model"  # must fail: a builder never changes
graph: Graph = flow  # must fail: a builder is no graph
module: nn.Module = flow  # must fail: a builder is no module
graph.check(3)  # must fail: a shape in words, or a tensor
graph.tagged(3)  # must fail: a tag is a name
graph.freeze("encoder", stats="drop")  # must fail: "hold" or "track"
graph.collect("encoded", reduce="avg")  # must fail: "mean", "sum", "max", "min" or "norm"
graph.through("gelu")  # must fail: a graph is built, a builder takes words
