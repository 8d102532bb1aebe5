"""Runs of a few numbers, whose parts all say the same one."""

from __future__ import annotations

import os

import pytest
import torch
from flodl_core.checkpoint import TrainingState
from torch import nn


class Counter:
    """A part of one's own: plain data, and a tensor."""

    def __init__(self):
        self.value, self.tensor = 0, torch.zeros(3, dtype=torch.float64)

    def state_dict(self):
        return {"value": self.value, "tensor": self.tensor, "odd": (None, float("inf"), {3: "three"})}

    def load_state_dict(self, state):
        self.value, self.tensor = state["value"], state["tensor"]


class SmallRun:
    """A module, its optimizer with momentum, and a counter; `set(v)` makes all of them say `v`."""

    def __init__(self, folder, device="cpu", **options):
        self.net = nn.Linear(8, 8).to(device)
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=0.5, momentum=0.9)
        self.counter = Counter()
        self.set(0)
        self.state = TrainingState(folder, net=self.net, sgd=self.optimizer, counter=self.counter, **options)

    def set(self, value):
        """Every number of the run."""
        for parameter in self.net.parameters():
            nn.init.constant_(parameter, value)
            self.optimizer.state[parameter]["momentum_buffer"] = torch.full_like(parameter, value)
        self.optimizer.param_groups[0]["lr"] = float(value)
        self.counter.value = value
        self.counter.tensor = torch.full((3,), float(value), dtype=torch.float64)

    def values(self):
        """All numbers that the run holds: one, unless states were mixed."""
        buffers = [entry["momentum_buffer"] for entry in self.optimizer.state.values()]
        tensors = [*self.net.parameters(), *buffers, self.counter.tensor]
        said = {value for tensor in tensors for value in tensor.unique().tolist()}
        return said | {self.optimizer.param_groups[0]["lr"], float(self.counter.value)}


@pytest.fixture
def small_run(tmp_path, device):
    """`small_run(**options)`: a new run over the folder `tmp_path / "run"`, as a program started again has one."""
    made = []

    def make(folder=tmp_path / "run", **options):
        for run in made:
            run.state.close()
        made.append(SmallRun(folder, device, **options))
        return made[-1]

    yield make
    for run in made:
        run.state.close()


@pytest.fixture
def child_code():
    """The source of `SmallRun`, for processes of their own."""
    with open(__file__, encoding="utf-8") as file:
        return file.read().partition("@pytest.fixture")[0]


KILLS = int(os.environ.get("FLODL_KILLS", "200"))
