"""Clipping: torch's numbers and floDl's, and no wait for the device."""

from __future__ import annotations

import os
import warnings

import pytest
from flodl_core import TrainingError

torch = pytest.importorskip("torch")
from flodl_core.autograd import clip_grad_norm, clip_grad_value  # noqa: E402 - they need torch


def with_gradients(device, *gradients):
    parameters = []
    for gradient in gradients:
        parameter = torch.nn.Parameter(torch.zeros(len(gradient), device=device))
        parameter.grad = torch.tensor(gradient, device=device)
        parameters.append(parameter)
    return parameters


# recorded from floDl 0.2.2: gradients (3, -4), (12)
NORMS = {
    1.0: [0.23076922, -0.3076923, 0.92307687],
    6.5: [1.4999999, -1.9999999, 5.9999995],
    13.0: [3.0, -4.0, 12.0],
    100.0: [3.0, -4.0, 12.0],
}
VALUES = {0.5: [0.5, -0.5, 0.5], 5.0: [3.0, -4.0, 5.0], 100.0: [3.0, -4.0, 12.0]}


@pytest.mark.parametrize("bound", NORMS)
def test_the_norm_is_flodls(bound, device):
    """Gradients scaled together; the norm from before comes back on the device."""
    parameters = with_gradients(device, [3.0, -4.0], [12.0])
    norm = clip_grad_norm(parameters, bound)
    torch.testing.assert_close(torch.cat([p.grad for p in parameters]).cpu(), torch.tensor(NORMS[bound]))
    assert (norm.item(), norm.device.type) == (13.0, device.type)


@pytest.mark.parametrize("clip", [clip_grad_norm, clip_grad_value])
def test_one_parameter_may_stand_alone(clip, device):
    """It is no list of its rows."""
    parameter = with_gradients(device, [3.0, -4.0])[0]
    clip(parameter, 0.5)
    assert parameter.grad.abs().max().item() <= 0.5


@pytest.mark.parametrize("bound", VALUES)
def test_the_value_is_flodls(bound, device):
    """Each element clamped; the largest magnitude from before comes back on the device."""
    parameters = with_gradients(device, [3.0, -4.0], [12.0])
    largest = clip_grad_value(parameters, bound)
    assert torch.cat([p.grad for p in parameters]).tolist() == VALUES[bound]
    assert (largest.item(), largest.device.type) == (12.0, device.type)


def test_gradients_within_the_bound_keep_their_bits(device):
    """A factor of exactly 1."""
    parameters = with_gradients(device, [0.1, 1e-30], [0.3])
    before = [p.grad.clone() for p in parameters]
    clip_grad_norm(parameters, 10.0)
    assert all(expected.equal(p.grad) for expected, p in zip(before, parameters, strict=True))


def test_the_whole_of_a_model_may_be_given(device):
    """Its trainable parameters; what is frozen or has no gradient does not count."""
    net = torch.nn.ModuleList([torch.nn.Linear(1, 1, bias=False) for _ in range(3)]).to(device)
    for layer in net[:2]:
        layer.weight.grad = torch.full((1, 1), 3.0, device=device)
    net[1].requires_grad_(False)
    assert clip_grad_norm(net, 1.0).item() == 3.0
    assert net[1].weight.grad.item() == 3.0


@pytest.mark.parametrize("norm_type", [1.0, 2.0, float("inf")])
def test_any_norm_is_torchs(norm_type, device):
    """Against torch on the same gradients."""
    torch.manual_seed(0)
    ours, theirs = ([torch.nn.Parameter(torch.zeros(5, 3, device=device)) for _ in range(4)] for _ in range(2))
    for a, b in zip(ours, theirs, strict=True):
        a.grad = torch.randn(5, 3, device=device)
        b.grad = a.grad.clone()
    expected = torch.nn.utils.clip_grad_norm_(theirs, 0.5, norm_type)
    assert expected.equal(clip_grad_norm(ours, 0.5, norm_type))
    assert all(a.grad.equal(b.grad) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("clip", [clip_grad_norm, clip_grad_value])
def test_names_are_no_parameters(clip):
    """`named_parameters()` gives pairs."""
    with pytest.raises(TrainingError, match=r"are clipped, got a tuple\n  try: model.parameters\(\)"):
        clip(torch.nn.Linear(2, 2).named_parameters(), 1.0)


def test_nothing_to_clip_is_a_norm_of_zero():
    """No gradients at all."""
    assert clip_grad_norm([], 1.0).item() == clip_grad_value([], 1.0).item() == 0.0


@pytest.mark.parametrize("bound", [0.0, -1.0, float("nan"), "1", None])
def test_a_bound_is_positive(bound):
    """Zero would stop training without a word."""
    with pytest.raises(TrainingError, match=r"clip_grad_norm\(\) needs max_norm > 0, got"):
        clip_grad_norm([], bound)
    with pytest.raises(TrainingError, match=r"clip_grad_value\(\) needs max_value > 0, got"):
        clip_grad_value([], bound)


@pytest.mark.skipif(os.environ.get("FLODL_TEST_DEVICE", "cpu") == "cpu", reason="only a GPU can be waited for")
def test_nothing_waits_for_the_device(device):
    """torch raises at the first synchronizing call."""
    parameters = with_gradients(device, [3.0, -4.0], [12.0])
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Synchronization debug mode is a prototype")
            torch.cuda.set_sync_debug_mode("error")
        clip_grad_norm(parameters, 1.0)
        clip_grad_value(parameters, 0.1)
    finally:
        torch.cuda.set_sync_debug_mode("default")
