"""Runs of a few numbers, whose parts all say the same one."""

from __future__ import annotations

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
