"""Optimizers that evaluate a batch several times per step: each evaluation begins where the step did."""

from __future__ import annotations

import torch
from capturing import batch
from flodl_core import ref
from flodl_nn import TrainStep
from torch import nn


class Carries(nn.Module):
    """Adds half of what its last call gave."""

    def __init__(self):
        super().__init__()
        self.linear, self.carried = nn.Linear(32, 4), {}

    def forward(self, x):
        out = self.linear(x)
        if "hidden" in self.carried:
            out = out + 0.5 * self.carried["hidden"]
        self.carried["hidden"] = out
        return out

    def detach_state(self):
        self.carried = {name: value.detach() for name, value in self.carried.items()}


def test_carried_state_is_the_same_at_each_evaluation(device):
    """The same losses, weights and state as torch's LBFGS by hand, with the state held still within a step."""
    torch.manual_seed(0)
    model = Carries().to(device)
    linear = nn.Linear(32, 4).to(device)
    linear.load_state_dict(model.linear.state_dict())
    step = TrainStep(model, loss="mse", optimizer=ref("lbfgs", lr=0.5, max_iter=4))
    lbfgs = torch.optim.LBFGS(linear.parameters(), lr=0.5, max_iter=4)
    hidden = torch.zeros((), device=device)
    for index in range(5):
        x, y = batch(index, device)
        outputs = []

        def closure(x=x, y=y, hidden=hidden, outputs=outputs):
            lbfgs.zero_grad()
            outputs.append(linear(x) + 0.5 * hidden)
            loss = nn.functional.mse_loss(outputs[-1], y)
            loss.backward()
            return loss

        expected = lbfgs.step(closure)
        hidden = outputs[-1].detach()
        assert expected.detach().equal(step(x, y))
        assert hidden.equal(model.carried["hidden"])
        assert len(outputs) > 1
    assert linear.weight.equal(model.linear.weight)
    assert not model.carried["hidden"].requires_grad


def test_what_a_module_cuts_itself_is_cut_between_evaluations(device):
    """A module with state of its own kind and `detach_state` trains; its state goes on with each evaluation."""

    class Keeps(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear, self.hidden, self.cuts = nn.Linear(32, 4), None, 0

        def forward(self, x):
            out = self.linear(x) if self.hidden is None else self.linear(x) + 0.1 * self.hidden
            self.hidden = out
            return out

        def detach_state(self):
            self.hidden, self.cuts = self.hidden.detach(), self.cuts + 1

    torch.manual_seed(0)
    step = TrainStep(Keeps().to(device), loss="mse", optimizer=ref("lbfgs", lr=0.1))
    losses = [step(*batch(0, device)).item() for _ in range(3)]
    assert losses[-1] < losses[0]
    assert step.model.cuts > len(losses)
