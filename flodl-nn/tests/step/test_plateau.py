"""A plateau that reads the step's own mean loss."""

from __future__ import annotations

import pytest
import torch
from flodl_core import ref
from flodl_nn import TrainStep, constant, plateau
from torch import nn


def by_hand(device, losses, first=0):
    """torch's rule over the same means: the rate after each epoch."""
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1, device=device))], lr=0.5)
    rule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1, factor=0.5, threshold=0.0)
    rates = []
    for epoch, mean in enumerate(losses):
        if epoch >= first:
            rule.step(mean)
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


LOWERING = plateau("loss", patience=2, gamma=0.5)  # torch counts those after the first


@pytest.mark.parametrize(("schedule", "first"), [(LOWERING, 0), (constant(1.0).then(LOWERING, after=4), 1)])
def test_the_mean_loss_of_an_epoch_is_read(schedule, first, device):
    """Nobody records one; also where the plateau comes later in a chain. Each mean is of its epoch alone."""
    torch.manual_seed(0)
    model = nn.Linear(2, 1).to(device)
    step = TrainStep(model, loss="mse", optimizer=ref("sgd", lr=0.5), schedule=schedule)
    means, rates = [], []
    for epoch in range(8):
        losses = [
            step(torch.full((4, 2), 1.0 + epoch % 3, device=device), torch.zeros(4, 1, device=device)) for _ in "ab"
        ]
        means.append(float(torch.stack(losses).double().mean()))
        assert "loss" not in step.end_epoch()
        rates.append(step.lr)
    assert by_hand(device, means, first) == pytest.approx(rates)
    assert rates[-1] < 0.5


def test_what_is_handed_in_is_read_instead(device):
    """A loss of one's own goes first."""
    step = TrainStep(
        nn.Linear(2, 1).to(device), loss="mse", optimizer=ref("sgd", lr=0.5), schedule=plateau("loss", patience=1)
    )
    for mean in (1.0, 0.5, 0.25):
        step(torch.ones(4, 2, device=device), torch.ones(4, 1, device=device) * 100 / mean)  # its own grows
        step.end_epoch({"loss": mean})
    assert step.lr == 0.5
