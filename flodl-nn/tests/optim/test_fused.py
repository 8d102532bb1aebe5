"""Optimizers by name are torch's own, on a fused kernel where there is one."""

from __future__ import annotations

import inspect

import pytest
import torch
from flodl_core import components, ref
from torch import nn

FUSED = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


@pytest.mark.parametrize("name", FUSED)
def test_the_factory_is_the_class_to_whoever_asks(name):
    """Same product, same signature."""
    component = components.find("optimizer", name)
    weight = nn.Parameter(torch.ones(2))
    assert type(component.create([weight], lr=0.1)) is FUSED[name]
    assert list(inspect.signature(FUSED[name]).parameters) == list(component.signature().parameters)


@pytest.mark.parametrize("form", ["parameters", "groups", "named", "generator", "groups of generators"])
def test_fused_is_the_default_for_every_form_of_parameters(form, device):
    """Lists, groups, named pairs and generators, as torch takes them."""
    model = nn.Linear(2, 2).to(device)
    given = {
        "parameters": list(model.parameters()),
        "groups": [{"params": model.weight}, {"params": [model.bias], "lr": 1.0}],
        "named": list(model.named_parameters()),
        "generator": model.parameters(),
        "groups of generators": [{"params": (p for p in [model.weight])}, {"params": (p for p in [model.bias])}],
    }[form]
    made = components.create("optimizer", "adam", given)
    assert [model.weight, model.bias] == [p for group in made.param_groups for p in group["params"]]
    assert all(group["fused"] is True for group in made.param_groups)


@pytest.mark.parametrize("said", [{"fused": False}, {"foreach": True}, {"differentiable": True}])
def test_what_the_user_says_stays(said):
    """Any word on the kernel is the user's."""
    made = components.create("optimizer", ref("adam", **said), [nn.Parameter(torch.ones(2))])
    assert not made.defaults["fused"]


def test_complex_parameters_have_no_fused_kernel():
    """torch would refuse them at the first step."""
    made = components.create("optimizer", "adam", [nn.Parameter(torch.ones(2, dtype=torch.complex64))])
    assert not made.defaults["fused"]
