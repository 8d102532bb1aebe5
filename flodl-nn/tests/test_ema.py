"""The average of weights: its formula, what it leaves alone, and its state."""

from __future__ import annotations

import copy

import pytest
import torch
from flodl_core import CheckpointError, TrainingError
from flodl_nn import EMA
from torch import nn


def a_net(device="cpu"):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3)).to(device)


def move(net, times, ema):
    for _ in range(times):
        with torch.no_grad():
            for parameter in net.parameters():
                if parameter.requires_grad:
                    parameter.add_(torch.rand_like(parameter))
        ema.update()


@pytest.mark.parametrize("warmup", [False, True])
def test_the_average_is_its_formula(warmup, device):
    """In float64, step by step; inside `applied` the model has it, afterwards its own weights."""
    net = a_net(device)
    ema = EMA(net, 0.9, warmup=warmup)
    expected = net[0].weight.detach().double().cpu()
    for n in range(1, 8):
        move(net, 1, ema)
        keep = min(0.9, (1 + n) / (10 + n)) if warmup else 0.9
        expected = keep * expected + (1 - keep) * net[0].weight.detach().double().cpu()
    own = net[0].weight.detach().clone()
    with ema.applied() as inside:
        torch.testing.assert_close(inside[0].weight.detach().double().cpu(), expected, rtol=1e-5, atol=1e-6)
    assert own.equal(net[0].weight)


def test_a_failure_inside_gives_the_weights_back():
    """Whatever is raised."""
    net = a_net()
    ema = EMA(net, 0.5)
    move(net, 1, ema)
    own = net[0].weight.detach().clone()
    with pytest.raises(ValueError, match="inside"), ema.applied():
        raise ValueError("inside")
    assert own.equal(net[0].weight)


def test_a_frozen_part_keeps_its_average(device):
    """And follows again once thawed; a part frozen from the start begins when it thaws."""
    net = a_net(device)
    net[1].requires_grad_(False)
    ema = EMA(net, 0.5, warmup=False)
    move(net, 2, ema)
    assert set(ema.state_dict()["averages"]) == {"0.weight", "0.bias"}
    net[0].weight.requires_grad_(False)
    held = ema.state_dict()["averages"]["0.weight"].clone()
    net[1].requires_grad_(True)
    move(net, 2, ema)
    assert held.equal(ema.state_dict()["averages"]["0.weight"])
    assert "1.weight" in ema.state_dict()["averages"]


def test_statistics_are_not_touched():
    """Buffers are running averages already."""
    net = a_net()
    ema = EMA(net)
    net[1].running_mean.fill_(3.0)
    with ema.applied():
        assert net[1].running_mean.eq(3.0).all()


def test_a_resumed_average_is_the_average():
    """Saved after 3 updates, gone on for 3: the bits of 6."""
    torch.manual_seed(1)
    whole, half = a_net(), a_net()
    first, second = EMA(whole, 0.9), EMA(half, 0.9)
    torch.manual_seed(5)
    move(whole, 6, first)
    torch.manual_seed(5)
    move(half, 3, second)
    again = EMA(half, 0.9)
    again.load_state_dict(copy.deepcopy(second.state_dict()))
    move(half, 3, again)
    for name, average in first.state_dict()["averages"].items():
        assert average.equal(again.state_dict()["averages"][name])


def test_averages_may_be_given_away():
    """To a model of the same parameters."""
    net, other = a_net(), a_net()
    ema = EMA(net, 0.0, warmup=False)
    move(net, 1, ema)
    ema.copy_to(other)
    assert net[0].weight.equal(other[0].weight)
    with pytest.raises(TrainingError, match=r"the model has no parameter '0.weight' of shape \[3, 3\]"):
        ema.copy_to(nn.Sequential(nn.Linear(2, 2)))


def test_it_follows_a_model_to_another_dtype():
    """The averages are of the weights' own dtype."""
    net = a_net()
    ema = EMA(net, 0.5)
    net.double()
    ema.update()
    assert {average.dtype for average in ema.state_dict()["averages"].values()} == {torch.float64}


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_weights_in_half_precision_are_averaged_too(dtype, device):
    """A thousandth of a difference is less than such weights tell apart: the average is held in float32."""
    net = nn.Linear(1, 1, bias=False, dtype=dtype, device=device)
    nn.init.ones_(net.weight)
    ema = EMA(net, 0.999, warmup=False)
    nn.init.constant_(net.weight, 2.0)
    for _ in range(1000):
        ema.update()
    again = EMA(net, 0.999, warmup=False)
    again.load_state_dict(copy.deepcopy(ema.state_dict()))
    for each in (ema, again):
        (average,) = each.state_dict()["averages"].values()
        assert 2.0 - 0.999**1000 == pytest.approx(average.item(), abs=1e-4)
        with each.applied():
            assert average.to(dtype).equal(net.weight)
    assert net.weight.eq(2.0).all()


def test_wrong_use_is_said():
    """A decay out of range, and states that do not fit."""
    with pytest.raises(TrainingError, match=r"decay is at least 0 and below 1, got 1.0"):
        EMA(a_net(), 1.0)
    with pytest.raises(TrainingError, match=r"decay is at least 0 and below 1, got '0.9'"):
        EMA(a_net(), "0.9")
    ema = EMA(a_net())
    for other in ({}, None, {"format": 1}, {"format": 1, "averages": {}}):
        with pytest.raises(CheckpointError, match="no state of an EMA"):
            ema.load_state_dict(other)
    with pytest.raises(CheckpointError, match=r"averages 'weight' of shape \[2, 2\], the model does not"):
        ema.load_state_dict(EMA(nn.Linear(2, 2)).state_dict())
