"""`compile=True`: the same training by fewer kernels, and plain training where torch.compile fails.

`FLODL_COMPILER=inductor` makes kernels, as users have it: a minute of a C++ compiler. Else what is traced runs as is.
"""

from __future__ import annotations

import os
from functools import partial

import pytest
import torch
from capturing import batch
from flodl_core import TrainingError, ref
from flodl_nn import TrainStep
from torch import nn
from torch._dynamo.exc import TorchDynamoException

BACKEND = os.environ.get("FLODL_COMPILER", "aot_eager")


@pytest.fixture(autouse=True)
def nothing_compiled():
    """A compiler keeps a few versions of a function and then gives up."""
    torch.compiler.reset()


def a_step(device, **changes):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(32, 16), nn.BatchNorm1d(16), nn.Dropout(0.5), nn.Linear(16, 4)).to(device)
    step = TrainStep(model, **{"loss": "mse", "optimizer": ref("adam", lr=1e-2), **changes})
    torch.manual_seed(1)
    return step


def trained(step, device, times=6):
    """Losses and weights."""
    losses = torch.stack([step(*batch(index, device)) for index in range(times)])
    return losses, step.model.state_dict()


def same(one, other):
    (losses, state), (other_losses, other_state) = one, other
    return losses.equal(other_losses) and all(state[name].equal(other_state[name]) for name in state)


class Broken(TorchDynamoException):
    """What a compiler raises."""


def broken(error):
    def fails(*_):
        raise error

    return fails


class FailsBackward(torch.autograd.Function):
    """What a compiled forward leaves behind whose backward cannot be compiled."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        raise Broken("no kernel for it\nand a long story")


def test_compiled_training_is_the_same_up_to_rounding(device, monkeypatch):
    """With an odd batch and an evaluation; and the objective is the compiled one to the end."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=BACKEND))

    def training(compile):
        step = a_step(device, compile=compile)
        step.model[2].eval()  # kernels that are fused draw other random numbers
        losses = [step(*batch(index, device, rows=32 if index != 4 else 7)) for index in range(6)]
        return step, torch.stack([*losses, step.evaluate(*batch(0, device))])

    (plain, expected), (step, actual) = training(False), training(True)
    torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(step.model.state_dict(), plain.model.state_dict(), rtol=1e-3, atol=1e-4)
    assert step._work.objective.reason is None


@pytest.mark.parametrize("error", [Broken("no C++ compiler"), TypeError("the objective's own")], ids=["theirs", "mine"])
def test_a_compiler_that_fails_is_said_once(error, device, monkeypatch):
    """Training is the uncompiled one from the first batch on, and the report says why; other errors are not hidden."""
    step = a_step(device, compile=True, capture="never")
    monkeypatch.setattr(step._work.objective, "_compiled", broken(error))
    if isinstance(error, TypeError):
        with pytest.raises(TypeError, match="the objective's own"):
            step(*batch(0, device))
        return
    with pytest.warns(UserWarning, match=r"runs uncompiled: torch.compile failed, Broken: no C\+\+ compiler") as told:
        actual = trained(step, device)
    assert len(told) == 1
    assert same(trained(a_step(device, capture="never"), device), actual)
    assert str(step.report()).endswith("torch.compile failed, Broken: no C++ compiler")


def test_a_backward_that_fails_is_taken_back(device, monkeypatch):
    """Statistics and random numbers are as before the batch, which is then learned from uncompiled."""
    step = a_step(device, compile=True, capture="never")
    plain = step._work.objective.plain
    monkeypatch.setattr(
        step._work.objective, "_compiled", lambda model, *batch: FailsBackward.apply(plain(model, *batch))
    )
    step.evaluate(*batch(5, device))
    with pytest.warns(UserWarning, match="runs uncompiled: torch.compile failed, Broken: no kernel for it$"):
        actual = trained(step, device)
    assert same(trained(a_step(device, capture="never"), device), actual)


def test_a_backward_that_fails_later_is_an_error(device, monkeypatch):
    """What the forward did cannot be taken back then."""
    step = a_step(device, compile=True, capture="never")
    plain = step._work.objective.plain
    monkeypatch.setattr(step._work.objective, "_compiled", plain)
    step(*batch(0, device))
    monkeypatch.setattr(
        step._work.objective, "_compiled", lambda model, *batch: FailsBackward.apply(plain(model, *batch))
    )
    with pytest.raises(TrainingError, match="failed in a backward: Broken: no kernel for it\n  try: compile=False"):
        step(*batch(1, device))


def test_an_error_of_a_backward_is_the_users(device):
    """Compiled or not."""

    class Fails(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, gradient):
            raise ValueError("mine")

    step = a_step(device, loss=None, objective=lambda m, x, y: Fails.apply(m(x)).sum(), compile=True, capture="never")
    step._work.objective._compiled = step._work.objective.plain
    with pytest.raises(ValueError, match="mine"):
        step(*batch(0, device))
