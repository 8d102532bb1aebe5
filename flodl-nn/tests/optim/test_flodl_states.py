"""Optimizer states that floDl saved go on in torch's optimizers; damaged ones change nothing."""

from __future__ import annotations

import copy
import gzip
import json
import random
from pathlib import Path

import pytest
import torch
from flodl_core import CheckpointError, TrainingError, components, ref
from flodl_nn import TrainStep
from flodl_nn.optim import load_flodl_state
from torch import nn

FIXTURES = Path(__file__).parents[1] / "fixtures"
RECORDED = json.loads((FIXTURES / "flodl_states.json").read_text())
SAVED, CHAIN = RECORDED["saved_state"], RECORDED["chain"]
PROBLEM = json.loads((FIXTURES / "flodl_optimizers.json").read_text())["optimizers"]["problem"]

OURS = {
    "sgd_plain": ref("sgd", lr=9.0),
    "sgd_momentum": ref("sgd", lr=9.0, momentum=0.9),
    "adam": ref("adam", lr=9.0),
    "adamw": ref("adamw", lr=9.0, weight_decay=9.0),
    "rmsprop_full": ref("rmsprop", lr=9.0),
    "adam_groups": ref("adam", lr=9.0),
}
"""With rates and numbers that the file must put right."""


def file_of(name: str) -> Path:
    return FIXTURES / "states" / SAVED[name]["file"]


def weights_of(name: str, device) -> list[nn.Parameter]:
    """floDl's parameters at the moment of saving."""
    flat = torch.tensor(SAVED[name]["params_after_3"], device=device)
    sizes = [torch.Size(shape).numel() for shape in PROBLEM["shapes"]]
    return [nn.Parameter(p.reshape(s)) for p, s in zip(flat.split(sizes), PROBLEM["shapes"], strict=True)]


def an_optimizer(name: str, weights):
    groups = [{"params": weights[:1]}, {"params": weights[1:]}] if name == "adam_groups" else weights
    return components.create("optimizer", OURS[name], groups)


def go_on(weights, optimizer, steps: int = 2):
    tensors = [
        [
            torch.tensor(v, device=weights[0].device).reshape(s)
            for v, s in zip(PROBLEM[k], PROBLEM["shapes"], strict=True)
        ]
        for k in "at"
    ]
    for _ in range(steps):
        optimizer.zero_grad()
        sum(0.5 * (a * (p - t) ** 2).sum() for p, a, t in zip(weights, *tensors, strict=True)).backward()
        optimizer.step()


def test_every_saved_state_is_loaded():
    """None of floDl's is left out."""
    assert set(SAVED) == set(OURS)


@pytest.mark.parametrize("name", OURS)
def test_the_next_two_steps_are_flodls(name, device):
    """Moments, counts, rates, groups: all is as floDl had it."""
    weights = weights_of(name, device)
    optimizer = an_optimizer(name, weights)
    load_flodl_state(file_of(name), optimizer)
    go_on(weights, optimizer)
    after = torch.cat([w.detach().flatten() for w in weights]).cpu()
    torch.testing.assert_close(after, torch.tensor(SAVED[name]["params_after_5"]), rtol=1e-5, atol=2e-6)


def test_a_gzipped_state_is_the_same(tmp_path, device):
    """By the end of its name, as floDl writes it."""
    file = tmp_path / "adam.bin.gz"
    file.write_bytes(gzip.compress(file_of("adam").read_bytes()))
    weights = weights_of("adam", device)
    optimizer = an_optimizer("adam", weights)
    load_flodl_state(file, optimizer)
    assert 3 == int(optimizer.state[weights[0]]["step"])


class Chain(nn.Module):
    """floDl's graph a_linear_chain by hand."""

    def __init__(self):
        super().__init__()
        self.first, self.norm = nn.Linear(2, 16), nn.LayerNorm(16)
        self.beside, self.last = nn.Linear(16, 16), nn.Linear(16, 2)

    def forward(self, x):
        h = self.norm(nn.functional.gelu(self.first(x)))
        return self.last(h + self.beside(h))


def tensor(recorded, device):
    return torch.tensor(recorded["data"], device=device).reshape(recorded["shape"])


def test_the_state_of_a_whole_model_is_that_of_training_it(device):
    """Five clipped steps of Adam here give the moments that floDl saved after its five."""
    model = Chain().to(device)
    with torch.no_grad():
        for own, theirs in zip(model.parameters(), CHAIN["named_parameters"], strict=True):
            own.copy_(tensor(theirs, device))
    step = TrainStep(model, loss="mse", optimizer=ref("adam", lr=1e-2), clip_norm=0.5)
    x, target = tensor(CHAIN["input"], device), tensor(CHAIN["target"], device)
    losses = [step(x, target).item() for _ in range(5)]
    assert pytest.approx(CHAIN["trained"]["losses"], rel=1e-5) == losses
    loaded = torch.optim.Adam(model.parameters())
    load_flodl_state(FIXTURES / "states" / "a_linear_chain.adam_state.bin", loaded)
    for parameter in model.parameters():
        own, theirs = step.optimizer.state[parameter], loaded.state[parameter]
        assert int(own["step"]) == int(theirs["step"]) == 5
        for moment in ("exp_avg", "exp_avg_sq"):
            torch.testing.assert_close(own[moment], theirs[moment], rtol=2e-4, atol=1e-7)
    assert 1e-2 == loaded.param_groups[0]["lr"]


def test_a_step_goes_on_from_it(device):
    """Into the optimizer of a TrainStep."""
    model = Chain().to(device)
    step = TrainStep(model, loss="mse", optimizer="adam")
    load_flodl_state(FIXTURES / "states" / "a_linear_chain.adam_state.bin", step.optimizer)
    x, target = tensor(CHAIN["input"], device), tensor(CHAIN["target"], device)
    step(x, target)
    assert 6 == int(step.optimizer.state[model.first.weight]["step"])


class Victim:
    """An optimizer with a state of its own, to which files are offered; refused, it must be as it was."""

    def __init__(self, name: str, file: Path, device):
        self.optimizer = an_optimizer(name, weights_of(name, device))
        load_flodl_state(file_of(name), self.optimizer)
        self.file, self.before = file, copy.deepcopy(self.optimizer.state_dict())

    def takes(self, data: bytes) -> bool:
        self.file.write_bytes(data)
        try:
            load_flodl_state(self.file, self.optimizer)
        except CheckpointError:
            torch.testing.assert_close(self.optimizer.state_dict(), self.before, rtol=0, atol=0)
            return False
        self.optimizer.load_state_dict(self.before)
        return True


@pytest.mark.parametrize("name", OURS)
def test_a_file_cut_short_at_any_byte_is_refused(name, tmp_path, device):
    """And nothing changes."""
    data, victim = file_of(name).read_bytes(), Victim(name, tmp_path / "state.bin", device)
    assert not any(victim.takes(data[:length]) for length in range(len(data)))
    assert not victim.takes(data + b"\0")
    assert victim.takes(data)


@pytest.mark.parametrize("name", OURS)
def test_changed_bytes_are_refused_or_harmless(name, tmp_path, device):
    """A changed value cannot be seen; anything else is one error, and nothing changes."""
    data, generator = file_of(name).read_bytes(), random.Random(0)
    victim = Victim(name, tmp_path / "state.bin", device)
    for _ in range(120):
        changed = bytearray(data)
        for _ in range(generator.randint(1, 4)):
            changed[generator.randrange(len(data))] = generator.choice([0, 1, 127, 128, 255, generator.randrange(256)])
        victim.takes(bytes(changed))


def test_a_claim_of_much_is_refused_before_it_is_made(tmp_path, device):
    """Counts, dimensions, sizes; a bomb of zeros."""
    data, victim = file_of("adam").read_bytes(), Victim("adam", tmp_path / "state.bin", device)
    assert not victim.takes(b"\xff\xff\xff\xff" + data[4:])
    assert not victim.takes(data[:21] + b"\xff\xff\xff\x7f" + data[25:])
    bomb = tmp_path / "bomb.bin.gz"
    bomb.write_bytes(gzip.compress(bytes(50_000_000)))
    with pytest.raises(CheckpointError, match="longer than a state of these parameters can be"):
        load_flodl_state(bomb, an_optimizer("adam", weights_of("adam", device)))
    (tmp_path / "torn.bin.gz").write_bytes(gzip.compress(data)[:100])
    with pytest.raises(CheckpointError, match="its gzip stream is damaged"):
        load_flodl_state(tmp_path / "torn.bin.gz", an_optimizer("adam", weights_of("adam", device)))


@pytest.mark.parametrize(
    ("file", "make", "error", "text"),
    [
        ("adam", lambda w: torch.optim.Adam(w[:2]), CheckpointError, "of 3 parameters, the optimizer has 2"),
        (
            "adam",
            lambda w: torch.optim.Adam([w[1], w[0], w[2]]),
            CheckpointError,
            "has 1 dimensions, the parameter has 2",
        ),
        (
            "adam_groups",
            torch.optim.Adam,
            CheckpointError,
            "its groups are parameters 0 to 0, 1 to 2; the optimizer has 0",
        ),
        (
            "sgd_momentum",
            lambda w: torch.optim.SGD(w, lr=1),
            CheckpointError,
            "holds velocities, the optimizer has no mom",
        ),
        (
            "adam",
            lambda w: torch.optim.Adam(w, amsgrad=True),
            TrainingError,
            "hold no largest second moments, which Adam",
        ),
        (
            "adam",
            torch.optim.NAdam,
            TrainingError,
            "floDl saves no state of NAdam\n  try: it saves those of SGD, AdamW",
        ),
        ("sgd_plain", torch.optim.Adam, CheckpointError, "it is cut short"),
    ],
)
def test_an_optimizer_that_it_does_not_fit_is_told_why(file, make, error, text, device):
    """Count, order, groups, kind."""
    with pytest.raises(error, match=text):
        load_flodl_state(file_of(file), make(weights_of(file, device)))


def test_a_file_that_is_not_there_is_told(device):
    """As for every checkpoint."""
    with pytest.raises(CheckpointError, match="cannot read the checkpoint: No such file"):
        load_flodl_state("nowhere.bin", torch.optim.Adam(weights_of("adam", device)))
