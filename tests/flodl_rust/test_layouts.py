"""Every layer of floDl: its name, and the names, order and shapes of its tensors, there and back."""

import pytest
import torch
from flodl_core import CheckpointError, components, ref
from flodl_core.checkpoint import read_metadata
from flodl_graph import FlowBuilder
from torch import nn

CELL = ("w_ih", "w_hh", "b_ih", "b_hh")
PROJECTIONS = [(f"{part}_proj.{name}", shape) for part in "qkv" for name, shape in (("weight", [8, 8]), ("bias", [8]))]
PROJECTIONS += [("out_proj.weight", [8, 8]), ("out_proj.bias", [8])]

# our reference; floDl's name; parameters; buffers: written from floDl's documentation, not from our tables
LAYERS = [
    (ref("linear", 3, 5), "linear", [("weight", [5, 3]), ("bias", [5])], []),
    (ref("linear", 3, 5, bias=False), "linear", [("weight", [5, 3])], []),
    (ref("conv1d", 4, 6, 3, groups=2), "conv1d", [("weight", [6, 2, 3]), ("bias", [6])], []),
    (ref("conv2d", 4, 6, 3), "conv2d", [("weight", [6, 4, 3, 3]), ("bias", [6])], []),
    (ref("conv2d", 4, 6, 3, bias=False), "conv2d", [("weight", [6, 4, 3, 3])], []),
    (ref("conv3d", 2, 4, (1, 2, 3)), "conv3d", [("weight", [4, 2, 1, 2, 3]), ("bias", [4])], []),
    (ref("conv_transpose1d", 4, 6, 3, groups=2), "conv_t1d", [("weight", [4, 3, 3]), ("bias", [6])], []),
    (ref("conv_transpose2d", 4, 6, 3), "conv_t2d", [("weight", [4, 6, 3, 3]), ("bias", [6])], []),
    (ref("conv_transpose3d", 2, 4, 2), "conv_transpose3d", [("weight", [2, 4, 2, 2, 2]), ("bias", [4])], []),
    (ref("layer_norm", 7), "layernorm", [("weight", [7]), ("bias", [7])], []),
    (ref("rms_norm", 7), "rmsnorm", [("weight", [7])], []),
    (ref("group_norm", 2, 6), "groupnorm", [("weight", [6]), ("bias", [6])], []),
    (
        ref("batch_norm1d", 5),
        "batchnorm",
        [("weight", [5]), ("bias", [5])],
        [("running_mean", [5]), ("running_var", [5])],
    ),
    (
        ref("batch_norm2d", 5),
        "batchnorm2d",
        [("weight", [5]), ("bias", [5])],
        [("running_mean", [5]), ("running_var", [5])],
    ),
    (ref("instance_norm2d", 5, affine=True), "instance_norm", [("weight", [5]), ("bias", [5])], []),
    (ref("instance_norm1d", 5), "instance_norm", [], []),
    (ref("embedding", 9, 4), "embedding", [("weight", [9, 4])], []),
    (ref("embedding_bag", 9, 4, mode="sum"), "embedding_bag", [("weight", [9, 4])], []),
    (ref("gru_cell", 3, 5), "grucell", [*zip(CELL, ([15, 3], [15, 5], [15], [15]), strict=True)], []),
    (ref("lstm_cell", 3, 5), "lstmcell", [*zip(CELL, ([20, 3], [20, 5], [20], [20]), strict=True)], []),
    (ref("gru", 3, 5), "gru", [*zip(CELL, ([15, 3], [15, 5], [15], [15]), strict=True)], []),
    (
        ref("gru", 3, 5, 2, batch_first=True),
        "gru",
        [(f"{n}_0", s) for n, s in zip(CELL, ([15, 3], [15, 5], [15], [15]), strict=True)]
        + [(f"{n}_1", s) for n, s in zip(CELL, ([15, 5], [15, 5], [15], [15]), strict=True)],
        [],
    ),
    (
        ref("lstm", 3, 5, 2),
        "lstm",
        [(f"{n}_0", s) for n, s in zip(CELL, ([20, 3], [20, 5], [20], [20]), strict=True)]
        + [(f"{n}_1", s) for n, s in zip(CELL, ([20, 5], [20, 5], [20], [20]), strict=True)],
        [],
    ),
    (ref("multihead_attention", 8, 2), "multihead_attention", PROJECTIONS, []),
    (ref("bilinear", 3, 4, 5), "bilinear", [("weight", [5, 3, 4]), ("bias", [5])], []),
    (ref("bilinear", 3, 4, 5, bias=False), "bilinear", [("weight", [5, 3, 4])], []),
    (ref("dropout", 0.5), "dropout", [], []),
    (ref("dropout2d", 0.5), "dropout2d", [], []),
    (ref("alpha_dropout", 0.5), "alpha_dropout", [], []),
    (ref("zero_pad2d", 1), "zero_pad2d", [], []),
    (ref("reflection_pad2d", 1), "reflection_pad2d", [], []),
    (ref("max_pool2d", 2), "maxpool2d", [], []),
    (ref("avg_pool2d", 2), "avgpool2d", [], []),
    (ref("max_pool1d", 2), "maxpool1d", [], []),
    (ref("avg_pool1d", 2), "avgpool1d", [], []),
    (ref("adaptive_max_pool2d", (2, 3)), "adaptive_maxpool2d", [], []),
    (ref("pixel_shuffle", 2), "pixel_shuffle", [], []),
    (ref("pixel_unshuffle", 2), "pixel_unshuffle", [], []),
    (ref("upsample", size=(4, 4)), "upsample", [], []),
    (ref("unfold", 2), "unfold", [], []),
    (ref("fold", (4, 4), 2), "fold", [], []),
    (ref("gaussian_blur", 1.0), "gaussian_blur", [], []),
]
PLAIN = "identity relu sigmoid tanh gelu silu leaky_relu elu mish selu hardswish hardsigmoid flatten softplus"
ACTIVATIONS = [(ref(name), name, [], []) for name in PLAIN.split()]
ACTIVATIONS += [(ref("softmax", -1), "softmax", [], []), (ref("log_softmax", -1), "log_softmax", [], [])]
ACTIVATIONS += [(ref("prelu", 6), "prelu", [("weight", [6])], [])]
HELPERS = [
    (ref("softmax_router", 4, 3), "softmax_router", [("weight", [3, 4]), ("bias", [3])], []),
    (ref("sigmoid_router", 4, 3), "sigmoid_router", [("weight", [3, 4]), ("bias", [3])], []),
    (ref("argmax_selector", 4, 3), "argmax_selector", [("weight", [3, 4]), ("bias", [3])], []),
    (ref("fixed_selector", 1), "fixed_selector", [], []),
    (ref("learned_halt", 4), "learned_halt", [("weight", [1, 4]), ("bias", [1])], []),
    (ref("threshold_halt", 2.0), "threshold_halt", [], []),
    (ref("state_add"), "state_add", [], []),
    (ref("reshape", (-1, 4)), "reshape", [], []),
]
EVERY = [*LAYERS, *ACTIVATIONS, *HELPERS]


def scrambled(graph):
    """Every value of its own, so that a swapped tensor shows."""
    with torch.no_grad():
        for number, value in enumerate((*graph.parameters(), *graph.buffers())):
            if value.is_floating_point():
                value.copy_(torch.arange(value.numel(), dtype=value.dtype).reshape(value.shape) + 1000 * number)
    return graph


def test_no_layer_is_left_out():
    """The 37 layers, 17 activations and 8 helpers that floDl 0.2.2 has."""
    assert (37, 17, 8) == tuple(len({called for _, called, *_ in table}) for table in (LAYERS, ACTIVATIONS, HELPERS))
    ours = [component for component in components.list("module") if component.origin.builtin]
    known = {component.spec.layout.name for component in ours if component.spec.layout}
    assert {called for _, called, *_ in EVERY} == known


@pytest.mark.parametrize("suffix", ["fdl", "fdl.gz"])
@pytest.mark.parametrize(
    ("reference", "called", "parameters", "buffers"), EVERY, ids=lambda value: getattr(value, "name", "")
)
def test_a_layer_travels(reference, called, parameters, buffers, suffix, tmp_path, device):
    """Into a file under floDl's names and shapes, parameters first, and back bit for bit."""
    flow = FlowBuilder("identity").tag("i").through(reference)
    flow = (
        flow.using(input2="i") if called == "bilinear" else flow
    )  # a second input, which floDl's graphs cannot give it
    graph, path = scrambled(flow.build().to(device)), tmp_path / f"m.{suffix}"
    graph.save_checkpoint(path)
    expected = [(f"{called}_2/{name}", tuple(shape)) for name, shape in (*parameters, *buffers)]
    assert expected == [(entry.name, entry.shape) for entry in read_metadata(path).entries]
    other = flow.build().to(device)
    report = other.load_checkpoint(path)
    assert report.complete, report
    mine, its = graph.state_dict(), other.state_dict()
    assert all(torch.equal(mine[key], its[key]) for key in mine if not key.endswith("num_batches_tracked"))
    assert graph.structural_hash() == read_metadata(path).hashes["floDl"]


def test_counters_of_batches_stay_at_home(tmp_path):
    """BatchNorm's counter is not in floDl's files: a load leaves it as it is, and is complete."""
    flow = FlowBuilder("batch_norm1d", 3)
    graph, other = flow.build(), flow.build()
    graph(torch.randn(4, 3))
    graph.save_checkpoint(tmp_path / "m.fdl")
    assert other.load_checkpoint(tmp_path / "m.fdl").complete
    assert (1, 0) == (int(graph.batch_norm1d_1.num_batches_tracked), int(other.batch_norm1d_1.num_batches_tracked))
    assert torch.equal(graph.batch_norm1d_1.running_mean, other.batch_norm1d_1.running_mean)


UNKNOWN = {
    "a layer that floDl does not have": (FlowBuilder("swiglu", 4), "floDl has no swiglu"),
    "a module of one's own": (FlowBuilder(nn.Sequential(nn.Linear(2, 2))), "floDl has no Sequential"),
    "a bidirectional layer": (FlowBuilder("gru", 2, 3, bidirectional=True), "no 'weight_ih_l0_reverse' in its gru"),
    "a cell without biases": (FlowBuilder("gru_cell", 2, 3, bias=False), "grucell always has 'b_ih'"),
    "a norm without weights": (FlowBuilder("batch_norm1d", 2, affine=False), "batchnorm always has 'weight'"),
    "another merge op": (FlowBuilder().split("relu", "gelu").merge("cat", dim=1), "floDl has no merge\\('cat'\\)"),
    "a merge with a tag": (FlowBuilder("relu").tag("a").through("gelu").merge("add").using("a"), "of one stream"),
    "at()": (FlowBuilder("relu").tag("a").through("gelu").at("a").through("tanh"), r"no at\(\), only map\(\).over"),
    "a further output": (FlowBuilder("gru", 2, 3).tag("a", hidden="h"), "one output per module"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_flodl_does_not_have_is_told(name, tmp_path):
    """With the line that asked for it; nothing is written, and safetensors takes it."""
    flow, reason = UNKNOWN[name]
    graph = flow.build()
    with pytest.raises(CheckpointError, match=reason) as caught:
        graph.save_checkpoint(tmp_path / "m.fdl")
    assert "test_layouts.py" in str(caught.value)
    assert [] == list(tmp_path.iterdir())
    graph.save_checkpoint(tmp_path / "m.safetensors")
    assert "floDl" not in read_metadata(tmp_path / "m.safetensors").hashes


@pytest.mark.parametrize("word", ["map", "loop"])
def test_what_took_a_words_place_is_told(word, tmp_path):
    """A module put where a word's own was is no map and no loop of floDl."""
    flow = FlowBuilder("identity")
    graph = (flow.map("linear", 2, 2).each() if word == "map" else flow.loop_body("linear", 2, 2).for_n(2)).build()
    setattr(graph, f"{word}_1", nn.Linear(2, 2))
    with pytest.raises(CheckpointError, match="floDl has no Linear for"):
        graph.save_checkpoint(tmp_path / "m.fdl")
