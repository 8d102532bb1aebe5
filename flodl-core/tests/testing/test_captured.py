"""The checks of captures, with a recorder that plays back on the CPU: what a replay does is known here."""

from __future__ import annotations

import pytest
from flodl_core import ContractError
from flodl_core.testing import Skip, Subject, fake_distribution, fresh_registry, plugin_source

torch = pytest.importorskip("torch")
captured = pytest.importorskip("flodl_core.testing.contracts.captured")
of_losses = pytest.importorskip("flodl_core.testing.contracts.losses").captured
of_modules = pytest.importorskip("flodl_core.testing.contracts.modules.captured").captured
of_optimizers = pytest.importorskip("flodl_core.testing.contracts.optimizers.captured").captured
TapeRecorder = pytest.importorskip("flodl_core.testing.tape").TapeRecorder

THINGS = """
import torch
from torch import nn

class Sound(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))
    def forward(self, x): return torch.tanh(self.inner(x))

class Counts(Sound):
    calls = 0
    def forward(self, x):
        self.calls += 1
        return super().forward(x) * self.calls

class Reads(Sound):
    def forward(self, x): return super().forward(x) * (2.0 if x.sum().item() > 0 else 1.0)

class Noise(Sound):
    def forward(self, x): return super().forward(x) + torch.rand_like(x[:, :3])

def Loss(): return lambda x, y: ((x - y) ** 2).mean()

def Sgd(params, lr=0.1): return torch.optim.SGD(params, lr=lr, momentum=0.5)

class HostCounter(torch.optim.SGD):
    def __init__(self, params, lr=0.1): super().__init__(params, lr=lr)
    @torch.no_grad()
    def step(self, closure=None):
        self.turn = getattr(self, "turn", 0) + 1
        for p in self.param_groups[0]["params"]: p.sub_(p.grad * self.turn)

class SaysSo(HostCounter):
    def __init__(self, params, lr=0.1, capturable=False): super().__init__(params, lr)

def Searches(params, lr=1.0): return torch.optim.LBFGS(params, lr=lr)
"""


@pytest.fixture
def subject(tmp_path, monkeypatch):
    """`subject("module", "Sound", "f32[2,4]")`, with captures played back on the CPU."""
    monkeypatch.setattr(captured, "recorder_of", lambda device: TapeRecorder(torch.device("cpu")))

    def make(kind, target, feed=""):
        spec = f'{kind.title()}Spec(name="thing", target="acme_code:{target}", summary="S.",'
        spec += f" example=Example(inputs={tuple(feed.split())!r}))"
        hook = "flodl_losses" if kind == "loss" else f"flodl_{kind}s"
        files = {"acme_plugin.py": plugin_source(hook, spec), "acme_code.py": THINGS}
        folder = tmp_path / target  # of its own: bytecode of a file of the same size and second would be taken for it
        acme = fake_distribution(folder, "acme", entry_points={"acme": "acme_plugin"}, files=files)
        with fresh_registry(acme.folder) as registry:
            component = registry.find(kind, "thing")
            component.load()
            return Subject(component, "cpu", registry)

    return make


def test_what_replays_as_it_runs_passes(subject):
    """Forward, backward and statistics; a value and its gradients; steps with momentum."""
    assert of_modules(subject("module", "Sound", "f32[2,4]")) is None
    assert of_losses(subject("loss", "Loss", "f32[4,3] f32[4,3]")) is None
    assert of_optimizers(subject("optimizer", "Sgd")) is None


def test_what_python_counts_is_frozen_into_a_replay_and_found(subject):
    """A replay runs no Python."""
    with pytest.raises(ContractError, match="the first replay"):
        of_modules(subject("module", "Counts", "f32[2,4]"))
    with pytest.raises(ContractError, match="after 5 replays"):
        of_optimizers(subject("optimizer", "SaysSo"))


def test_what_cannot_be_recorded_is_a_fact(subject):
    """With the reason: it reads back, it draws everywhere, it searches, it promises nothing."""
    reasons = [
        of_modules(subject("module", "Reads", "f32[2,4]")),
        of_modules(subject("module", "Noise", "f32[2,4]")),
        of_optimizers(subject("optimizer", "Searches")),
        of_optimizers(subject("optimizer", "HostCounter")),
    ]
    assert all(isinstance(reason, Skip) for reason in reasons), reasons
    starts = ["it cannot be recorded", "it draws random", "its step asks", "it has no option capturable, and is not"]
    said = [skip.reason for skip in reasons]
    assert [reason for start, reason in zip(starts, said, strict=True) if not reason.startswith(start)] == []
