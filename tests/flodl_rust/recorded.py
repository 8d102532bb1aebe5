"""The graphs that floDl recorded, said in flodl's words, and what it recorded of them."""

import json
from pathlib import Path

import torch
from flodl_core import ref
from flodl_graph import FlowBuilder

HERE = Path(__file__).parent / "fixtures"
CORE = Path(__file__).parents[2] / "flodl-core" / "tests" / "checkpoint" / "fixtures"


def fixture(name):
    return next(folder / name for folder in (HERE, CORE) if (folder / name).exists())


def record(stem):
    return json.loads(fixture(f"{stem}.json").read_text())


def tensor(item):
    return torch.tensor(item["data"], dtype=torch.float32).reshape(item["shape"])


def heavy():
    return FlowBuilder("linear", 8, 16).through("relu").through("linear", 16, 8)


def encoder():
    scan = FlowBuilder(FlowBuilder("linear", 4, 8).through("gelu").through("layer_norm", 8)).tag("hidden").label("scan")
    read = FlowBuilder(FlowBuilder("linear", 8, 8).through("sigmoid")).tag("confidence").label("read")
    return FlowBuilder(scan).through(read).label("encoder")


def linear_chain():
    chain = FlowBuilder("linear", 2, 16).through("gelu").through("layer_norm", 16)
    return chain.also("linear", 16, 16).through("linear", 16, 2)


def graph_tree():
    return FlowBuilder(encoder()).through("linear", 8, 3).tag("classifier")


def routing():
    square = ref("linear", 8, 8)
    refine = FlowBuilder("linear", 8, 8).through("gelu").through("layer_norm", 8)
    flow = FlowBuilder("linear", 4, 8).tag("encoded").split(square, square, square).merge("mean")
    flow = flow.loop_body(refine).for_n(3).tag("refined")
    flow = flow.gate("softmax_router", [square, heavy()], dim=8).using("encoded")
    return flow.switch("fixed_selector", [square, heavy()], index=1).through("linear", 8, 3)


def state_add():
    flow = FlowBuilder("linear", 3, 4).through("tanh").through("state_add").using("memory").tag("memory")
    return flow.through("linear", 4, 2)


def map_multi():
    square = ref("linear", 8, 8)
    flow = FlowBuilder("linear", 4, 8).tag("enc").input("ctx").map(heavy()).each().map("linear", 2, 2).slices(4)
    flow = flow.gate("softmax_router", [square, square], dim=8).using("ctx")
    return flow.map("linear", 8, 3).over("enc")


def named_layers():
    return FlowBuilder("linear", 3, 5).tag("enc").through("relu").through("linear", 5, 2).tag("head")


FLOWS = {
    "a_linear_chain": linear_chain,
    "b_graph_tree": graph_tree,
    "b_encoder_standalone": encoder,
    "c_routing": routing,
    "d_state_add": state_add,
    "f_map_multi": map_multi,
}
