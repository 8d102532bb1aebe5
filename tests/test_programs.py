"""The programs in tests/programs, as people type them: they run, and `make test only=types` checks their types."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
import torch
from as_module import as_module

PROGRAMS = Path(__file__).parent / "programs"


def program(name: str) -> ModuleType:
    """A program's file as a module of its own."""
    return as_module(PROGRAMS / f"{name}.py")


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def test_mlp() -> None:
    """A perceptron of names learns: the loss of one batch falls."""
    x = torch.randn(64, 2)
    losses = program("mlp").run([(x, x.flip(1))] * 200)
    assert losses[-1] < 0.2 * losses[0]


def test_controller() -> None:
    """A recurrent controller trains by windows; its state is cut off after each."""
    controller = program("controller")
    xs = torch.randn(32, 4, 8)
    before = controller.ctl.linear_1.weight.clone()
    controller.train(xs, xs[..., :2])
    assert not torch.equal(before, controller.ctl.linear_1.weight)
    assert not controller.ctl.carried["h"].requires_grad


def test_mixture_of_experts() -> None:
    """The router's weights are a value like any other, in the loss and in the metrics."""
    moe = program("moe")
    x = torch.randn(8, 512)
    moe.use(x, x)
    assert {"mse", "balance", "loss"} == moe.moe.flush().keys()
    assert (8, 8) == tuple(moe.moe.tagged("routing").shape)


def test_discriminative_rates() -> None:
    """A cascade of rates over the parts of a nested graph, under a schedule."""
    from flodl import FlowBuilder

    scan = FlowBuilder("linear", 4, 8).label("scan").build()
    encoder = FlowBuilder(scan).through("gelu").label("encoder").build()
    model = FlowBuilder(encoder).through("linear", 8, 3).tag("classifier").build()
    step = program("discriminative").make(model)
    step(torch.randn(16, 4), torch.randint(0, 3, (16,)))
    rates = {group["initial_lr"] for group in step.optimizer.param_groups}
    assert {1e-4, 1e-3} <= rates


def test_transformer() -> None:
    """A decoder with cross attention, memory as a second input, attention weights tagged inside."""
    decoder = program("transformer").decoder
    output = decoder(torch.randint(0, 8192, (2, 5)), torch.randn(2, 7, 512))
    assert (2, 5, 8192) == tuple(output.shape)
    assert (2, 8, 5, 7) == tuple(decoder.tagged("graph_1.attention").shape)


def test_progressive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An encoder saved alone, loaded and frozen; a stalled trend thaws a part of it, a converged one ends training."""
    monkeypatch.chdir(tmp_path)
    x, y = torch.randn(64, 4), torch.randint(0, 3, (64,))
    scan, read, head = (torch.nn.Linear(*sizes) for sizes in ((4, 8), (8, 8), (8, 3)))
    before = scan.weight.clone(), read.weight.clone(), head.weight.clone()
    program("progressive").story(scan, read, head, [(x, y)] * 16)
    assert [False, True, False] == [torch.equal(a, b.weight) for a, b in zip(before, (scan, read, head), strict=True)]
    rows = (tmp_path / "run.csv").read_text().splitlines()
    assert 20 <= len(rows) - 1 < 100
    assert (tmp_path / "encoder_v1.safetensors").exists()
