"""Casting for good: what is named changes, what cannot is said before anything does."""

from __future__ import annotations

import pytest
import torch
from flodl_core import PathError, TensorError, TrainingError
from flodl_nn import cast_parameters
from torch import nn


def test_what_is_named_is_cast_in_place(device):
    """The parameters stay the same objects, gradients go with them."""
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1)).to(device)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    net(torch.ones(1, 2, device=device)).sum().backward()
    assert cast_parameters(net, torch.bfloat16, "0") == ["0.weight", "0.bias"]
    assert cast_parameters(net, torch.bfloat16, "0") == []
    assert [p.dtype for p in net.parameters()] == [torch.bfloat16] * 2 + [torch.float32] * 2
    assert net[0].weight.grad.dtype == torch.bfloat16
    assert optimizer.param_groups[0]["params"][0] is net[0].weight


def test_a_dtype_may_be_named():
    """As a step's precision is; a name that is none has a suggestion."""
    net = nn.Linear(2, 2)
    assert ["weight", "bias"] == cast_parameters(net, "bf16")
    assert torch.bfloat16 == net.weight.dtype
    with pytest.raises(TensorError, match=r"'bf61' is no element type\n  try: did you mean 'bf16'"):
        cast_parameters(net, "bf61")


def test_what_cannot_be_cast_is_an_error_and_nothing_changes():
    """A whole-number parameter, a dtype that is not floating, a path that is not there."""
    net = nn.Linear(2, 2)
    net.register_parameter("count", nn.Parameter(torch.ones(2, dtype=torch.int64), requires_grad=False))
    with pytest.raises(TrainingError, match=r"parameter 'count' is torch.int64 and cannot become torch.float16"):
        cast_parameters(net, torch.float16)
    assert net.weight.dtype == torch.float32
    with pytest.raises(TrainingError, match=r"cast to a floating dtype, got torch.int32"):
        cast_parameters(net, torch.int32)
    with pytest.raises(PathError, match="'wieght' names no parameter"):
        cast_parameters(net, torch.float16, "wieght")
