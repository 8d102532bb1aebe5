"""One cascade of options by path, and rates that fall from layer to layer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from flodl_core import PathError, TrainingError
from flodl_core.groups import GroupRules, layer_decay
from torch import nn


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(5, 4)
        self.layers = nn.ModuleList(nn.Sequential(nn.Linear(4, 4), nn.GELU()) for _ in range(3))
        self.head = nn.Linear(4, 2)


def test_later_rules_win_option_by_option():
    """What a later rule does not speak of stays."""
    rules = GroupRules.parse({"*": {"lr": 1.0, "weight_decay": 0.5}, "head": 0.25, "head.bias": {"weight_decay": 0.0}})
    assert {"lr": 0.25, "weight_decay": 0.0} == rules.options_for("head.bias")
    assert {"lr": 1.0, "weight_decay": 0.5} == rules.options_for("embed.weight")


def test_parameters_of_equal_options_share_a_group():
    """In the order in which the first of each comes."""
    rules = GroupRules.parse({"b": 0.1, "d": 0.1})
    assert [{"params": [1, 3]}, {"params": [2, 4], "lr": 0.1}] == rules.grouped(zip("abcd", (1, 2, 3, 4), strict=True))


def test_a_shared_parameter_answers_to_each_of_its_names():
    """A rule that names the place where it is used again counts too."""
    net = Tiny()
    net.head.weight = net.layers[0][0].weight
    rules = GroupRules.parse({"head": 0.5})
    groups = rules.grouped(net.named_parameters(remove_duplicate=False))
    shared = next(group for group in groups if any(p is net.head.weight for p in group["params"]))
    assert 0.5 == shared["lr"]
    assert len(list(net.parameters())) == sum(len(group["params"]) for group in groups)


def test_what_changes_by_itself_stands_apart():
    """Even when its options are those of others."""
    rules = GroupRules.parse({"*": 0.1}, apart=("b",))
    assert [[1], [2]] == [group["params"] for group in rules.grouped([("a", 1), ("b", 2)])]


def test_rates_fall_toward_the_input():
    """The last layer has the whole rate, each one before it a part of the next one's."""
    rates = layer_decay(Tiny(), "embed", "layers.*", "head", lr=1.0, decay=0.5)
    assert {"embed": 0.0625, "layers.0": 0.125, "layers.1": 0.25, "layers.2": 0.5, "head": 1.0} == rates


def test_a_decay_is_a_cascade_to_begin_with():
    """torch takes the groups; rules after it still win."""
    net = Tiny()
    rates = layer_decay(net, "embed", "layers.*", "head", lr=0.1, decay=0.5)
    rules = GroupRules.parse({**rates, "*.bias": {"weight_decay": 0.0}})
    groups = rules.grouped(net.named_parameters())
    optimizer = torch.optim.AdamW(groups, weight_decay=0.1)
    assert 9 == len(optimizer.param_groups)
    assert {0.1, 0.05, 0.025, 0.0125, 0.00625} == {group["lr"] for group in optimizer.param_groups}


@pytest.mark.parametrize(
    ("layers", "options", "error", "text"),
    [
        (("haed",), {}, PathError, "'haed' names no parameter"),
        (("laeyrs.*",), {}, PathError, "'laeyrs.\\*' names no module"),
        (("head", "head"), {}, TrainingError, "got the layer 'head' twice"),
        (("head",), {"decay": 1.5}, TrainingError, "a decay above 0 and at most 1, got 1.5"),
        (("head",), {"decay": "slow"}, TrainingError, "a decay above 0 and at most 1, got 'slow'"),
        (("head",), {"lr": -1.0}, TrainingError, "a learning rate is a number of at least 0, got -1.0"),
    ],
)
def test_mistakes_of_a_decay_are_told(layers, options, error, text):
    """Paths and numbers."""
    with pytest.raises(error, match=text):
        layer_decay(Tiny(), *layers, **{"lr": 0.1, "decay": 0.5, **options})


def test_all_rules_that_speak_of_nothing_are_told_together():
    """One error for each, in one."""
    with pytest.raises(PathError) as raised:
        GroupRules.parse({"haed": 1.0, "layrs": 1.0}).of(Tiny())
    assert 2 == len(raised.value.parts)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"betas": 0.9}, r"groups\['head'\]: AdamW cannot take betas=0.9\n  try: something like \(0.9, 0.999\)"),
        ({"betas": [0.9]}, r"cannot take betas=\[0.9\]"),
        ({"betas": [0.9, "high"]}, r"cannot take betas=\[0.9, 'high'\]"),
        ({"weight_decay": -0.1}, "cannot take weight_decay=-0.1"),
        ({"weight_decay": True}, "cannot take weight_decay=True"),
        ({"eps": float("nan")}, "cannot take eps=nan"),
        ({"amsgrad": 1}, "cannot take amsgrad=1"),
        ({"weigth_decay": 0.1}, "AdamW has no option 'weigth_decay'\n  try: did you mean 'weight_decay'"),
        ({"params": []}, r"groups\['head'\] has params, which the path names already"),
    ],
)
def test_options_that_no_optimizer_takes_are_told(options, text):
    """torch looks at none of them in a group, and fails in the first step, or never."""
    defaults = torch.optim.AdamW([torch.zeros(1)]).defaults
    with pytest.raises(TrainingError, match=text):
        GroupRules.parse({"head": options}).check_options(defaults, "AdamW")


def test_options_may_be_written_as_files_write_them():
    """Lists for tuples, whole numbers for floats, a rate of numpy, a decay below 0 where the optimizer's own is."""
    options = {"betas": [0, 0.99], "weight_decay": 1, "fused": True, "lr": np.float32(0.5)}
    rules = GroupRules.parse({"head": options})
    rules.check_options(torch.optim.AdamW([torch.zeros(1)]).defaults, "AdamW")
    assert 0.5 == rules.options_for("head")["lr"]
    adafactor = torch.optim.Adafactor([torch.zeros(1)]).defaults
    GroupRules.parse({"head": {"beta2_decay": -0.5}}).check_options(adafactor, "Adafactor")
