"""Does it live? Under five seconds, from a name to a trained, saved and loaded network."""

from __future__ import annotations

import pytest
import torch
from flodl import FlowBuilder, TrainStep, components, ref
from flodl_core.checkpoint import load_checkpoint


@pytest.fixture
def model(device):
    torch.manual_seed(0)
    flow = FlowBuilder("linear", 2, 16).through("gelu").also("linear", 16, 16).through("linear", 16, 2)
    return flow.label("tiny").build().to(device)


def test_names_are_found():
    """The registry answers for a module, an optimizer and a plugin's data set."""
    assert "module:flodl-nn/linear" == components.find("module", "linear").id
    assert "optimizer:flodl-lion/lion" == components.find("optimizer", "lion").id
    assert "dataset:flodl-sklearn/digits" == components.find("dataset", "digits").id


def test_flow_computes_what_it_says(model, device):
    """A flow of four words equals the same lines of plain PyTorch."""
    x = torch.randn(3, 2, device=device)
    first, second, last = (part for part in model.modules() if isinstance(part, torch.nn.Linear))
    hidden = torch.nn.functional.gelu(first(x))
    torch.testing.assert_close(model(x), last(hidden + second(hidden)))


def test_training_learns_a_circle(model, device):
    """Two hundred steps tell the inside of a circle from its outside."""
    x = torch.rand(256, 2, device=device) * 2 - 1
    y = (x.norm(dim=1) < 0.7).long()
    step = TrainStep(model, loss="cross_entropy", optimizer=ref("adam", lr=1e-2))
    losses = [step(x, y) for _ in range(200)]
    assert losses[-1] < losses[0] / 3
    assert (model(x).argmax(1) == y).float().mean() > 0.9


def test_weights_survive_a_file(model, device, tmp_path):
    """A checkpoint of one network makes another compute the same."""
    model.save_checkpoint(tmp_path / "tiny.safetensors")
    flow = FlowBuilder("linear", 2, 16).through("gelu").also("linear", 16, 16).through("linear", 16, 2)
    other = flow.label("tiny").build().to(device)
    load_checkpoint(tmp_path / "tiny.safetensors", other)
    x = torch.randn(3, 2, device=device)
    assert torch.equal(model(x), other(x))
