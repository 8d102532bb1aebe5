"""Freezing and thawing parts of any module."""

from __future__ import annotations

import pytest
import torch
from flodl_core import PathError, TrainingError
from flodl_core.freezing import (
    asked_since,
    freeze,
    held_paths,
    hold_only,
    hold_still,
    is_frozen,
    requests_so_far,
    thaw,
)
from torch import nn


def a_net(device):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 4)).to(device)


def test_freezing_takes_gradients_away_too(device):
    """So that an optimizer which holds the part passes it over: no momentum, no decay."""
    net = a_net(device)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1)
    net(torch.rand(8, 4, device=device)).sum().backward()
    optimizer.step()
    freeze(net, "0")
    held = net[0].weight.detach().clone()
    optimizer.step()
    assert net[0].weight.grad is None
    assert held.equal(net[0].weight)


def test_statistics_hold_or_track(device):
    """By the word; thawed, they follow the data again."""
    net, x = a_net(device), torch.rand(8, 4, device=device)
    freeze(net, "1")
    net.train()
    hold_still(net.modules())
    before = net[1].running_mean.clone()
    net(x)
    assert before.equal(net[1].running_mean)
    thaw(net, "1")
    net(x)
    assert not before.equal(net[1].running_mean)
    freeze(net, "1", stats="track")
    net.train()
    hold_still(net.modules())
    assert net[1].training


def test_a_shared_layer_holds_still_under_each_of_its_paths(device):
    """Its statistics like its parameters."""
    net = a_net(device)
    net.append(net[1])
    freeze(net, "3")
    before = net[1].running_mean.clone()
    net(torch.rand(8, 4, device=device))
    assert before.equal(net[1].running_mean)
    thaw(net, "3")
    assert net[1].training


def test_a_thaw_leaves_the_mode_of_a_part_alone(device):
    """What was set to evaluate stays so; a layer that was held gets the mode of what holds it."""
    net = nn.Sequential(a_net(device), a_net(device))
    net[0].eval()
    thaw(net, "0")
    assert not net[0][1].training
    freeze(net)
    thaw(net)
    assert (False, True) == (net[0][1].training, net[1][1].training)


def test_frozen_is_what_no_longer_trains(device):
    """A part, a parameter, everything."""
    net = a_net(device)
    freeze(net, "0.bias")
    assert (True, False, False) == tuple(is_frozen(net, path) for path in ("0.bias", "0", ""))
    freeze(net)
    assert is_frozen(net)


def test_a_thaw_may_ask_to_begin_anew(device):
    """The parameters say since when; whoever trains them looks there."""
    net = a_net(device)
    before = requests_so_far()
    thaw(net, "0", moments="reset")
    thaw(net, "2")
    assert (before + 1, True, False) == (
        requests_so_far(),
        asked_since(net[0].weight, before),
        asked_since(net[2].weight, before),
    )
    assert not asked_since(net[0].weight, requests_so_far())


@pytest.mark.parametrize(
    ("act", "text"),
    [
        (lambda net: freeze(net, "0", stats="hodl"), "stats is 'hold' or 'track', got 'hodl'"),
        (lambda net: thaw(net, "0", moments="none"), "moments is 'keep' or 'reset', got 'none'"),
    ],
)
def test_other_words_are_refused_and_nothing_changes(act, text, device):
    """Before the first parameter."""
    net = a_net(device)
    with pytest.raises(TrainingError, match=text):
        act(net)
    assert all(p.requires_grad for p in net.parameters())


def test_a_wrong_path_is_told(device):
    """With the nearest."""
    with pytest.raises(PathError, match="names no parameter"):
        freeze(a_net(device), "7")


def test_held_statistics_follow_again_when_they_are_to_be_tracked(device):
    """`track` after `hold`, with no change of mode in between."""
    net = a_net(device)
    freeze(net, "1")
    freeze(net, "1", stats="track")
    net(torch.ones(8, 4, device=device))
    assert net[1].running_mean.any()


def test_what_is_held_comes_back_and_nothing_else(device):
    """A layer that was let go since the model was built follows the data; one that was held does not."""
    net, other = a_net(device), a_net(device)
    freeze(other, "1")
    hold_only(other, held_paths(net))
    assert ([], True) == (held_paths(other), other[1].training)
    freeze(net, "1")
    hold_only(other, held_paths(net))
    assert (["1"], False) == (held_paths(other), other[1].training)


def test_a_users_own_attribute_of_that_name_is_the_users(device):
    """A module that holds something else goes on in its mode."""
    net = a_net(device)
    net[0].held = ["a", "list"]
    hold_still(net.modules())
    assert net[0].training


@pytest.mark.parametrize("pattern", ["1.*", "*.1", "1", "*"])
def test_a_glob_of_all_its_parameters_names_the_layer(pattern, device):
    """So its statistics hold too; a glob of some of them does not."""
    net = nn.Sequential(a_net(device))
    freeze(net, "*.bias")
    assert [] == held_paths(net)
    freeze(net[0], pattern) if pattern != "*.1" else freeze(net, pattern)
    assert ["0.1"] == held_paths(net)


@pytest.mark.parametrize("spectral", [nn.utils.parametrizations.spectral_norm, nn.utils.spectral_norm])
def test_a_frozen_spectral_norm_computes_the_same(spectral, device):
    """Its power iteration goes on in training mode, and would move what a frozen part gives."""
    net = nn.Sequential(spectral(nn.Linear(4, 4)), nn.Linear(4, 4)).to(device)
    x = torch.rand(8, 4, device=device)
    (weight,) = (parameter for parameter in net[0].parameters() if parameter.dim() == 2)
    with torch.no_grad():
        weight.copy_(torch.diag(torch.arange(1.0, 5.0)))  # far from where the iteration has come to an end
    freeze(net, "0")
    assert net(x).equal(net(x))
    thaw(net, "0")
    assert not net(x).equal(net(x))


def test_what_has_no_shape_yet_freezes_too(device):
    """It stays frozen when the first batch gives it one."""
    net = nn.Sequential(nn.LazyLinear(4), nn.LazyBatchNorm1d(), nn.Linear(4, 2)).to(device)
    freeze(net, "0")
    freeze(net, "1")
    net(torch.rand(8, 3, device=device))
    assert (True, True, False) == tuple(is_frozen(net, path) for path in "012")
    assert not net[1].running_mean.any()
    thaw(net, "0")
    assert not is_frozen(net, "0")
