"""A component of each kind that keeps its contract, as a stranger would write it: sources, to plant faults in."""

from __future__ import annotations

HEAD = """
_V = {}
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

"""

MODULE = """
class Thing(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 3)
        self.register_buffer("shift", torch.ones(3))
    def forward(self, x):
        return torch.tanh(self.inner(x) + self.shift)
"""

STRAIGHT = """
class Straight(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x): return torch.tanh(x)
    @staticmethod
    def backward(ctx, g): return {backward}
"""

LOSS = """
class Thing(nn.Module):
    def __init__(self, reduction="mean"):
        super().__init__()
        self.reduction = reduction
    def forward(self, x, y):
        each = (x - y) ** 2
        return {"none": each, "sum": each.sum(), "mean": each.mean()}[self.reduction]

def oracle(reduction="mean"):
    return lambda x, y: {"none": (x - y) ** 2, "sum": ((x - y) ** 2).sum(), "mean": ((x - y) ** 2).mean()}[reduction]
"""

OPTIMIZER = """
class Thing(torch.optim.Optimizer):
    def __init__(self, params, lr=0.1, momentum=0.5):
        super().__init__(params, {"lr": lr, "momentum": momentum})
    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                v = state.setdefault("v", torch.zeros_like(p))
                v.mul_(group["momentum"]).add_(p.grad)
                p.sub_(group["lr"] * v)

def oracle(x, gradient, lr=0.1, momentum=0.5):
    v = 0.0 * x
    while True:
        v = momentum * v + gradient(x)
        x = x - lr * v
        yield x
"""

INITIALIZER = """
def Thing(scale=0.5):
    def fill(tensor):
        with torch.no_grad():
            return tensor.uniform_(-scale, scale)
    return fill

def oracle(scale=0.5):
    return lambda shape: {"mean": 0.0, "std": scale / 3**0.5, "low": -scale, "high": scale}
"""

MERGE = """
class Thing(nn.Module):
    def forward(self, *values):
        return torch.stack(values).mean(0)

def oracle():
    return lambda *values: np.mean(values, axis=0)
"""

OP = """
def Thing(by=2.0):
    return lambda x: by * torch.sin(x)
"""

DATASET = """
class Thing(torch.utils.data.Dataset):
    classes = ("no", "yes")
    def __init__(self, n=10): self.n = n
    def __len__(self): return self.n
    def __getitem__(self, i): return torch.full((3,), float(i)), torch.tensor(i % 2)
"""

PROBE = """
class Thing:
    def sample(self): return {"load": 1.0}
    def close(self): pass
"""

WORD = """
class Thing:
    word = "thing"
    @classmethod
    def from_words(cls, module): return {}, module
"""

SOUND = {
    "module": ("flodl_modules", "ModuleSpec", MODULE, "f32[2,4]"),
    "loss": ("flodl_losses", "LossSpec", LOSS, "f32[4,3] f32[4,3]"),
    "optimizer": ("flodl_optimizers", "OptimizerSpec", OPTIMIZER, ""),
    "initializer": ("flodl_initializers", "InitializerSpec", INITIALIZER, "f32[64,32]"),
    "merge_op": ("flodl_merge_ops", "MergeOpSpec", MERGE, "f32[4,3] f32[4,3]"),
    "op": ("flodl_ops", "OpSpec", OP, "f32[4,3]"),
    "dataset": ("flodl_datasets", "DatasetSpec", DATASET, ""),
    "probe": ("flodl_probes", "ProbeSpec", PROBE, ""),
    "word": ("flodl_words", "WordSpec", WORD, ""),
}
HAS_ORACLE = ("loss", "optimizer", "initializer", "merge_op")
