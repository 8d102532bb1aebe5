"""A graph saved, copied, moved and with a part replaced; what torch does with graphs is in test_interop.py."""

from __future__ import annotations

import copy
import io
import pickle
from pathlib import Path

import pytest
import torch
from flodl_core import CheckpointError, ref
from flodl_core.checkpoint import read_metadata
from flodl_graph import FlowBuilder, Graph
from torch import Tensor, nn


@pytest.fixture
def graph() -> Graph:
    inner = FlowBuilder("linear", 4, 4).tag("hidden").through("gelu").label("encoder").build()
    return FlowBuilder(inner).also("linear", 4, 4).split("tanh", "relu").merge("cat").label("model").build()


@pytest.fixture
def x() -> Tensor:
    return torch.randn(3, 4)


def test_torch_save_of_the_whole_module(graph: Graph, x: Tensor) -> None:
    """`torch.save(model)` works, for those who insist."""
    file = io.BytesIO()
    torch.save(graph, file)
    file.seek(0)
    assert torch.equal(graph(x), torch.load(file, weights_only=False)(x))


def test_module_replacement(graph: Graph, x: Tensor) -> None:
    """A replaced submodule is what runs."""
    graph.encoder.hidden = nn.Identity()
    encoded = torch.nn.functional.gelu(x)
    mixed = encoded + graph.linear_1(encoded)
    assert torch.equal(torch.cat([torch.tanh(mixed), torch.relu(mixed)], -1), graph(x))


def test_checkpoint_round_trip(graph: Graph, x: Tensor, tmp_path: Path) -> None:
    """Weights move through a file; a file of another model is refused and changes nothing."""
    graph.save_checkpoint(tmp_path / "model.safetensors")
    twin = copy.deepcopy(graph)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.add_(1)
    twin.load_checkpoint(tmp_path / "model.safetensors")
    assert torch.equal(graph(x), twin(x))
    other = FlowBuilder("linear", 4, 5).build()
    before = copy.deepcopy(other.state_dict())
    with pytest.raises(CheckpointError):
        other.load_checkpoint(tmp_path / "model.safetensors")
    assert all(torch.equal(before[name], value) for name, value in other.state_dict().items())


def test_a_checkpoint_carries_the_words(graph: Graph, tmp_path: Path) -> None:
    """Written down where they can be; a graph of live objects is saved without."""
    built = FlowBuilder("linear", 4, 4).label("net").build()
    built.save_checkpoint(tmp_path / "net.safetensors")
    assert built.to_toml() == read_metadata(tmp_path / "net.safetensors").words
    graph.save_checkpoint(tmp_path / "model.safetensors")
    assert read_metadata(tmp_path / "model.safetensors").words is None


def test_two_graphs_do_not_share_a_forward() -> None:
    """Each instance has its own generated code."""
    one, two = FlowBuilder("tanh").build(), FlowBuilder("relu").build()
    x = torch.tensor([-1.0])
    assert torch.equal(torch.tanh(x), one(x))
    assert torch.equal(torch.relu(x), two(x))


def test_train_and_eval_reach_every_part() -> None:
    """Dropout inside a nested graph follows the mode."""
    graph = FlowBuilder(FlowBuilder("dropout", 0.5)).build()
    x = torch.ones(100)
    assert not torch.equal(x, graph.train()(x))
    assert torch.equal(x, graph.eval()(x))


def test_moving_to_a_device_and_dtype(device: torch.device) -> None:
    """`to` moves every part."""
    graph = FlowBuilder("linear", 2, 2).build().to(device=device, dtype=torch.float64)
    assert torch.float64 == graph(torch.zeros(1, 2, device=device, dtype=torch.float64)).dtype


def test_summary_counts_parameters() -> None:
    """Shared parameters count once; frozen ones are told apart."""
    shared = nn.Linear(3, 3)
    graph = FlowBuilder(shared).tag("a").through(shared).through("linear", 3, 2).label("net").build()
    graph.linear_3.weight.requires_grad_(False)
    text = graph.summary()
    assert "net(x)" == text.splitlines()[0]
    assert "20 parameters, 14 of them trainable" == text.splitlines()[-1]
    assert "Linear(3, 2)" in text


def test_copies_of_a_builder() -> None:
    """Copied, pickled, deep-copied: the same words; a deep copy has modules of its own."""
    layer = nn.Linear(2, 2)
    flow = FlowBuilder("linear", 2, 2).tag("h").also(layer).label("net")
    built = flow.build()
    for again in (copy.copy(flow), copy.deepcopy(flow), pickle.loads(pickle.dumps(flow))):
        assert built.hash == again.build().hash
    assert layer is copy.copy(flow).build().linear_2
    assert layer is not copy.deepcopy(flow).build().linear_2


def test_what_compile_made_is_not_copied(x: Tensor) -> None:
    """A graph that was compiled in place can be pickled and copied, as any module."""
    graph = FlowBuilder("linear", x.shape[-1], 3).build()
    graph.compile(backend="eager")
    expected = graph(x)
    for again in (pickle.loads(pickle.dumps(graph)), copy.deepcopy(graph)):
        assert expected.equal(again(x))


def test_a_builder_at_a_prompt() -> None:
    """Shows its words, which typed again make the same network; of a long one the beginning."""
    flow = (
        FlowBuilder("linear", 2, 8, bias=False).tag("h")
        .also(FlowBuilder("gelu").through("linear", 8, 8))
        .split("tanh", ref("linear", 8, 8)).using().tag_group("head").merge("cat", dim=1)
        .gate("softmax_router", ["relu", FlowBuilder("tanh")], dim=16).tag(weights="w")
        .switch("argmax_selector", ["relu", "tanh"], dim=16, per="sample")
        .input("y").merge("add").using("y").at("h").internal("h").label("net")
    )  # fmt: skip
    said = repr(flow)
    assert said.startswith(
        "FlowBuilder().through('linear', 2, 8, bias=False).tag('h').also(FlowBuilder().through('gelu')"
    )
    again = eval(said, {"FlowBuilder": FlowBuilder, "ref": ref})
    assert flow.build().hash == again.build().hash
    assert said == repr(again)
    assert "FlowBuilder().through(<Linear>).through(len)" == repr(FlowBuilder(nn.Linear(2, 2)).through(len))
    for _ in range(40):
        flow = flow.through("tanh")
    assert repr(flow).endswith(" more")
