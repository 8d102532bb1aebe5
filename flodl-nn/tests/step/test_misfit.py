"""Batches and settings that a model cannot take: what does not fit, and what to write instead."""

from __future__ import annotations

import pytest
import torch
from flodl_core import ComponentError, TrainingError, ref
from flodl_nn import TrainStep
from torch import nn


def a_step(device, **changes):
    return TrainStep(nn.Linear(4, 2).to(device), **{"loss": "mse", "optimizer": "adam", **changes})


@pytest.mark.parametrize("compile", [False, True])
def test_a_batch_of_another_type_is_named(compile, device, monkeypatch):
    """Numbers from numpy are doubles."""
    monkeypatch.setattr(torch, "compile", lambda function, **options: function)
    step = a_step(device, compile=compile)
    with pytest.raises(TrainingError) as told:
        step(torch.randn(3, 4, device=device).double(), torch.randn(3, 2, device=device))
    assert str(told.value) == (
        "the batch is float64, and the model float32\n  try: x.to(torch.float32), or model.to(torch.float64)"
    )
    assert isinstance(told.value.__cause__, RuntimeError)


def test_a_batch_on_another_device_is_named(device):
    """Torch's own sentence names an argument of a function that the user never called."""
    here, there = (device, torch.device("meta")) if device.type == "cpu" else (device, torch.device("cpu"))
    with pytest.raises(
        TrainingError, match=rf"the batch is on {there}, and the model on {here}.*\n  try: .*to\('{here}"
    ):
        a_step(device, capture="never")(torch.randn(3, 4, device=there), torch.randn(3, 2, device=there))


def test_a_batch_in_a_list_is_told(device):
    """As a loader gives it."""
    with pytest.raises(TrainingError, match=r"the batch is one list, with the tensors in it\n  try: step\(\*batch\)"):
        a_step(device)([torch.randn(3, 4, device=device), torch.randn(3, 2, device=device)])


def test_what_cannot_be_told_is_torchs(device):
    """A wrong width is as torch says it; and an objective's errors are its own."""
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied") as told:
        a_step(device)(torch.randn(3, 5, device=device), torch.randn(3, 2, device=device))
    assert not isinstance(told.value, TrainingError)
    step = TrainStep(nn.Linear(4, 2).to(device), objective=lambda m, x: m(x.double()).mean(), optimizer="adam")
    with pytest.raises(RuntimeError, match="dtype") as told:
        step(torch.randn(3, 4, device=device).double())
    assert not isinstance(told.value, TrainingError)


def test_halves_have_no_loss_scale(device):
    """Their gradients would underflow all the same."""
    with pytest.raises(
        TrainingError, match=r'weight is float16, and precision="fp16" keeps weights in single precision'
    ):
        TrainStep(nn.Linear(4, 2).to(device).half(), loss="mse", optimizer="adam", precision="fp16")


def test_a_wrong_reduction_is_told_at_once(device):
    """Before the first batch."""
    with pytest.raises(ComponentError, match="MSELoss knows no reduction 'avg'"):
        a_step(device, loss=ref("mse", reduction="avg"))


def test_metrics_go_by_name(device):
    """One number is none, and several are none."""
    step = a_step(device)
    with pytest.raises(TrainingError, match=r"the metric 'val_loss' is no number: tensor\(\[1., 1.\]\)"):
        step.end_epoch({"val_loss": torch.ones(2)})
    assert step.end_epoch({"val_loss": torch.tensor(0.5)}) == {"val_loss": 0.5}
    for metrics, given in ((3, "3"), ({5: 1.0}, "5"), ({"": 1.0}, "''")):
        with pytest.raises(TrainingError, match=f"metrics go by name, got {given}"):
            step.end_epoch(metrics)


def test_a_layer_without_a_shape_is_named(device):
    """Before the optimizer is made of it."""
    model = nn.Sequential(nn.LazyLinear(4), nn.Linear(4, 2)).to(device)
    with pytest.raises(TrainingError, match=r"0.weight has no shape yet: .*\n  try: model\(x\) once"):
        TrainStep(model, loss="mse", optimizer="adam")


def test_every_loss_by_name_has_a_reduction_that_a_step_takes(device):
    """The mean over rows, as the Kullback-Leibler divergence has it."""
    step = TrainStep(nn.Linear(4, 2).to(device), loss="kl_div", optimizer="adam")
    x, y = torch.rand(8, 4, device=device), torch.rand(8, 2, device=device)
    expected = nn.functional.kl_div(step.model(x), y, reduction="batchmean")
    torch.testing.assert_close(step.evaluate(x, y), expected.detach())
