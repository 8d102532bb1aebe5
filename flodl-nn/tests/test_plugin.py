"""What flodl-nn brings: by name, without importing torch, and every example really runs."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest
import torch
from flodl_core import PluginError, components, ref
from flodl_core.testing import Subject, inputs_of
from torch import nn

OURS = [c for c in components.list() if c.origin.distribution == "flodl-nn"]


def of_kind(kind):
    return [pytest.param(c, id=c.name) for c in OURS if c.kind == kind]


def fed(component, device):
    """The tensors of its example."""
    return inputs_of(Subject(component, device.type, components))


def build(component, *first):
    try:
        component.load()
    except PluginError as error:
        pytest.skip(str(error).splitlines()[0])
    example = component.spec.example
    return components.create(component.kind, ref(component.qualified, *example.args, **example.kwargs), *first)


def test_every_component_says_what_it_is():
    """A summary, a category where the kind has many, and an example that fits the factory."""
    for component in OURS:
        assert component.spec.example is not None, component.id
        if component.kind in ("module", "loss", "optimizer", "scheduler", "initializer"):
            assert component.spec.category, component.id
        if component.kind != "optimizer" and not component.spec.requires:
            component.bind(*component.spec.example.args, **component.spec.example.kwargs)


def test_no_name_is_also_somebody_elses_alias():
    """Within a kind each spelling means one thing."""
    for kind in {c.kind for c in OURS}:
        spoken = [word for c in OURS if c.kind == kind for word in (c.name, *c.spec.aliases)]
        assert len(spoken) == len(set(spoken)), sorted(w for w in set(spoken) if spoken.count(w) > 1)


@pytest.mark.parametrize("component", of_kind("module"))
def test_a_modules_example_builds_and_runs(component, device):
    """In training and in evaluation mode; several outputs are as many as the spec names."""
    torch.manual_seed(0)
    module = build(component).to(device)
    inputs = fed(component, device)
    on_demand = "wanted" in inspect.signature(module.forward).parameters
    asked = {"wanted": component.spec.outputs[1:]} if on_demand else {}
    for mode in (True, False):
        out = module.train(mode)(*inputs, **asked)
        many = out if isinstance(out, tuple) else (out,)
        assert len(component.spec.outputs) in (0, len(many))
        assert isinstance(many[0], torch.Tensor)
    assert isinstance(module, nn.Module)


@pytest.mark.parametrize("component", of_kind("loss"))
def test_a_losss_example_builds_and_runs(component, device):
    """A finite scalar with gradients."""
    torch.manual_seed(0)
    inputs = fed(component, device)
    first = inputs[0].requires_grad_()
    loss = build(component).to(device)(*inputs)
    assert loss.shape == ()
    assert torch.isfinite(loss)
    loss.backward()
    assert torch.isfinite(first.grad).all()


@pytest.mark.parametrize("component", of_kind("optimizer"))
def test_an_optimizers_example_builds_torchs_own(component, device):
    """The factory gives a torch optimizer over the parameters."""
    weight = nn.Parameter(torch.ones(2, 2, device=device))
    made = build(component, [weight])
    assert isinstance(made, torch.optim.Optimizer)
    assert made.param_groups[0]["params"][0] is weight


@pytest.mark.parametrize("component", of_kind("scheduler"))
def test_a_schedulers_example_is_a_function_of_the_step(component):
    """From the first step on."""
    schedule = build(component)
    assert all(0.0 <= schedule.factor(step) <= 1.0 for step in (0, 1, 50, 10**6))


@pytest.mark.parametrize("component", of_kind("initializer"))
def test_an_initializers_example_fills_in_place(component, device):
    """The same tensor comes back, all finite, and not as it was."""
    torch.manual_seed(0)
    tensor = torch.full_like(fed(component, device)[0], float("nan"))
    assert build(component)(tensor) is tensor
    assert torch.isfinite(tensor).all()


def test_listing_imports_no_torch():
    """Specs are data: their targets are strings."""
    code = "import sys, flodl_nn, flodl_nn.builtin as b; list(b.flodl_modules()); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
