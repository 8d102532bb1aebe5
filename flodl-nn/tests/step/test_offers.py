"""What a model may offer is used, as a graph does; one that offers nothing will do."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
import torch
from flodl_core import ref
from flodl_core.autograd import evaluating
from flodl_nn import TrainStep
from torch import nn


class Carrying(nn.Module):
    """Carries its last output into the next call, and records."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.carried = None
        self.recorded = {"loss": 0.25, "acc": 0.5}

    def forward(self, x):
        out = self.linear(x if self.carried is None else x + self.carried)
        self.carried = out
        return out

    def detach_state(self):
        self.carried = None if self.carried is None else self.carried.detach()

    def end_epoch(self):
        return dict(self.recorded)

    @contextmanager
    def evaluating(self):
        held, self.carried = self.carried, None
        with evaluating(self):
            yield self
        self.carried = held


def test_carried_state_is_detached_after_each_backward(device):
    """A second step would otherwise go back through the first one's graph."""
    model = Carrying().to(device)
    step = TrainStep(model, loss="mse", optimizer=ref("sgd", lr=0.1))
    x = torch.randn(4, 2, device=device)
    for _ in range(3):
        step(x, x)
        assert not model.carried.requires_grad


def test_evaluation_sets_carried_state_aside(device):
    """Two evaluations give the same, and training goes on from where it was."""
    model = Carrying().to(device)
    step = TrainStep(model, loss="mse", optimizer=ref("sgd", lr=0.1))
    x = torch.randn(4, 2, device=device)
    step(x, x)
    carried = model.carried.clone()
    assert step.evaluate(x, x).equal(step.evaluate(x, x))
    assert carried.equal(model.carried)


def test_the_models_metrics_are_the_epochs():
    """With those handed in, which go before; a plain module has none."""
    step = TrainStep(Carrying(), loss="mse", optimizer="sgd")
    assert step.end_epoch({"acc": 0.75, "val_loss": 1.0}) == {"loss": 0.25, "acc": 0.75, "val_loss": 1.0}
    plain = TrainStep(nn.Linear(2, 2), loss="mse", optimizer="sgd")
    assert plain.end_epoch() == {}
    assert (step.epoch, plain.epoch) == (1, 1)


def test_a_failed_backward_leaves_no_window_half_done(device):
    """The next batch starts a new one."""
    model = nn.Linear(2, 1).to(device)

    class Breaks(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, gradient):
            raise ValueError("in backward")

    broken = [False]

    def objective(model, x):
        out = model(x).mean()
        return Breaks.apply(out) if broken[0] else out

    step = TrainStep(model, objective=objective, optimizer=ref("sgd", lr=0.1), accumulate=3)
    x = torch.ones(2, 2, device=device)
    step(x)
    broken[0] = True
    with pytest.raises(ValueError, match="in backward"):
        step(x)
    assert step.state_dict()["pending"] == 0
    assert model.weight.grad is None
