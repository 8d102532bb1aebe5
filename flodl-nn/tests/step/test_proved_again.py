"""The tenth replay and others are compared with an eager step, which takes its memory from the recording."""

from __future__ import annotations

import pytest
import torch
from capturing import batch, replays, same
from flodl_core import ref
from flodl_nn import TrainStep
from torch import Tensor, nn


class TwoHeads(nn.Module):
    """Trains one of two heads, as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(32, 16)
        self.heads = nn.ModuleList([nn.Linear(16, 4), nn.Linear(16, 4)])

    def forward(self, x: Tensor, which: int) -> Tensor:
        return self.heads[which](self.body(x).relu())


def objective(model, x, y, which):
    return nn.functional.mse_loss(model(x, which), y)


@pytest.mark.parametrize("accumulate", [1, 3])
@pytest.mark.usefixtures("deterministic")
def test_gradients_of_another_call_are_none_of_this_one(accumulate, recording):
    """A head without a gradient is not moved by its moments, compared again or not: the training is the eager one."""
    runs = []
    for capture in ("never", "always"):
        torch.manual_seed(0)
        model = TwoHeads().to(recording)
        step = TrainStep(
            model, objective=objective, optimizer=ref("adam", lr=0.01), accumulate=accumulate, capture=capture
        )
        losses = [step(*batch(index, recording), index // accumulate % 2) for index in range(80)]
        runs.append((step, torch.stack(losses)))
    (plain, expected), (step, actual) = runs
    assert expected.equal(actual)
    assert same(plain, step)
    assert replays(step) > 60
    assert max(row.replays for row in step.report().rows) > 10


@pytest.mark.usefixtures("deterministic")
def test_gradients_of_the_window_before_are_gone(recording):
    """A head that begins to learn late, in the middle of windows that another head opens, as recorded for long."""
    runs = []
    for capture in ("never", "auto"):
        torch.manual_seed(0)
        model = TwoHeads().to(recording)
        step = TrainStep(model, objective=objective, optimizer=ref("sgd", lr=0.1), accumulate=2, capture=capture)
        losses = [step(*batch(index, recording), int(index > 9 and index % 2)) for index in range(18)]
        runs.append((step, torch.stack(losses)))
    (plain, expected), (step, actual) = runs
    assert expected.equal(actual)
    assert same(plain, step)
    assert replays(step) > 8


def test_a_comparison_computes_gradients_where_the_last_ones_are(recording):
    """A recorded step's gradients stay where they are; new ones beside them would be there for good."""
    model = nn.Linear(32, 4).to(recording)
    step = TrainStep(model, loss="mse", optimizer="adam", capture="always")
    seen: list[int] = []
    model.weight.register_post_accumulate_grad_hook(lambda weight: seen.append(weight.grad.data_ptr()))
    for index in range(9):
        step(*batch(index, recording))
    recorded = model.weight.grad.data_ptr()
    seen.clear()
    for index in range(9, 11):
        step(*batch(index, recording))
    assert replays(step) == 10
    assert seen == [recorded]
