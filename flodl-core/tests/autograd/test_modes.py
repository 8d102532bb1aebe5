"""Modes end as they began, also when something raises inside."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
from flodl_core.autograd import evaluating, frozen  # noqa: E402 - they need torch


def a_net():
    net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout(), torch.nn.BatchNorm1d(2))
    net[2].eval()
    net[0].bias.requires_grad_(False)
    return net


@pytest.mark.parametrize("broken", [False, True])
def test_evaluation_ends_in_the_modes_of_before(broken):
    """Each module has its own mode back, and gradients are on again."""
    net = a_net()
    try:
        with evaluating(net) as inside:
            assert inside is net
            assert not any(module.training for module in net.modules())
            assert not torch.is_grad_enabled()
            if broken:
                raise ValueError("inside")
    except ValueError:
        assert broken
    assert [m.training for m in net.modules()] == [True, True, True, False]
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("broken", [False, True])
def test_frozen_parameters_thaw_to_what_they_were(broken):
    """One that was frozen before stays so; values still flow through to inputs."""
    net = a_net()
    x = torch.ones(1, 2, requires_grad=True)
    try:
        with frozen(net):
            assert not any(p.requires_grad for p in net.parameters())
            net(x).sum().backward()
            if broken:
                raise ValueError("inside")
    except ValueError:
        assert broken
    assert x.grad is not None
    assert [p.requires_grad for p in net.parameters()] == [True, False, True, True]
