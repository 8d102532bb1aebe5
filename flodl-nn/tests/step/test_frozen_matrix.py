"""Frozen means frozen: drift is exactly 0.0 for every optimizer, norm, decay and way to clear gradients.

Thirty steps here; a thousand, as the contract says, with `FLODL_FREEZE_STEPS=1000 pytest <this file>`.
"""

from __future__ import annotations

import os

import pytest
import torch
from flodl_core import PluginError, components, ref
from flodl_core.freezing import freeze, thaw
from flodl_nn import TrainStep
from flodl_nn.step.device_rates import make_capturable, why_not_recorded
from torch import nn

STEPS = int(os.environ.get("FLODL_FREEZE_STEPS", "30"))
NAMED = [c for c in components.list("optimizer") if c.origin.distribution == "flodl-nn" and c.name != "lbfgs"]
DECAYS = [0.0, 0.1]
NORMS = {
    "batch_norm": lambda: nn.BatchNorm1d(4),
    "group_norm": lambda: nn.GroupNorm(2, 4),
    "dropout": lambda: nn.Dropout(0.3),
}
CASES = [
    pytest.param(c, decay, norm, id=f"{c.name}-{decay}-{norm}")
    for c in NAMED
    for decay in DECAYS
    for norm in NORMS
    if decay == 0.0 or c.name not in ("rprop", "sparseadam")
]


def a_part(kind: str, norm: str) -> nn.Module:
    """A part that the optimizer can train, with a norm inside: matrices for Muon, sparse rows for SparseAdam."""
    made = NORMS[norm]() if kind not in ("muon", "sparseadam") or norm == "dropout" else nn.BatchNorm1d(4, affine=False)
    if kind == "sparseadam":
        return nn.Sequential(nn.Embedding(6, 4, sparse=True), made)
    return nn.Sequential(nn.Linear(6, 4, bias=kind != "muon"), made)


def a_model(kind: str, norm: str, device: torch.device) -> nn.ModuleDict:
    torch.manual_seed(0)
    return nn.ModuleDict({"held": a_part(kind, norm), "other": a_part(kind, norm)}).to(device)


def an_input(kind: str, device: torch.device) -> torch.Tensor:
    sparse = kind == "sparseadam"
    return torch.randint(0, 6, (8,), device=device) if sparse else torch.randn(8, 6, device=device)


def objective(model, x):
    return (model["held"](x) * 0.5 + model["other"](x)).pow(2).mean()


def recipe(component, decay):
    available(component)
    return ref(component.name, lr=0.01, **({"weight_decay": decay} if decay else {}))


def available(component):
    try:
        component.check_requirements()
    except PluginError as error:  # an older torch
        pytest.skip(str(error).splitlines()[0])


def snapshot(part: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in part.state_dict().items()}


def assert_untouched(before, part):
    for name, value in part.state_dict().items():
        assert before[name].equal(value), name


@pytest.mark.parametrize(("component", "decay", "norm"), CASES)
def test_under_a_step_nothing_drifts(component, decay, norm, device):
    """Parameters and statistics of the frozen part, even when somebody calls train() in between."""
    optimizer = recipe(component, decay)
    model = a_model(component.name, norm, device)
    step = TrainStep(model, objective=objective, optimizer=optimizer)
    for _ in range(3):
        step(an_input(component.name, device))
    freeze(model, "held")
    held, other = snapshot(model["held"]), snapshot(model["other"])
    for _ in range(STEPS):
        model.train()
        step(an_input(component.name, device))
    assert_untouched(held, model["held"])
    assert not all(other[name].equal(value) for name, value in model["other"].state_dict().items())


@pytest.mark.parametrize("set_to_none", [True, False])
@pytest.mark.parametrize(("component", "decay", "norm"), CASES)
def test_under_a_loop_of_ones_own_nothing_drifts(component, decay, norm, set_to_none, device):
    """torch's optimizers pass over what holds no gradient, however gradients are cleared."""
    optimizer_recipe = recipe(component, decay)
    model = a_model(component.name, norm, device)
    optimizer = components.create("optimizer", optimizer_recipe, list(model.parameters()))

    def learn():
        optimizer.zero_grad(set_to_none=set_to_none or component.name == "sparseadam")
        objective(model, an_input(component.name, device)).backward()
        optimizer.step()

    for _ in range(3):
        learn()
    freeze(model, "held")
    held = snapshot(model["held"])
    for _ in range(STEPS):
        learn()
    assert_untouched(held, model["held"])


@pytest.mark.parametrize("moments", ["keep", "reset"])
@pytest.mark.parametrize("component", NAMED, ids=lambda c: c.name)
def test_thawed_moments_are_kept_or_begin_anew(component, moments, device):
    """After a reset the next update is that of an optimizer that never saw the part before; else it is not."""
    available(component)
    optimizer = ref(component.name, lr=0.01, **({"momentum": 0.9} if component.name in ("sgd", "rmsprop") else {}))
    model = a_model(component.name, "dropout", device)
    step = TrainStep(model, objective=objective, optimizer=optimizer)
    for _ in range(4):
        step(an_input(component.name, device))
    freeze(model, "held")
    step(an_input(component.name, device))
    thaw(model, "held", moments=moments)
    before = [p.detach().clone() for p in model["held"].parameters()]
    step(an_input(component.name, device))
    fresh = [nn.Parameter(value.clone()) for value in before]
    for one, trained in zip(fresh, model["held"].parameters(), strict=True):
        one.grad = trained.grad.clone()
    oracle = components.create("optimizer", optimizer, fresh)
    if device.type == "cuda" and why_not_recorded(oracle) is None:  # as a step has it compute there
        make_capturable(oracle)
        oracle.param_groups[0]["lr"] = torch.tensor(0.01, device=device)
    oracle.step()
    same = all(a.equal(b) for a, b in zip(fresh, model["held"].parameters(), strict=True))
    assert same == (moments == "reset")
    assert not all(a.equal(b) for a, b in zip(before, model["held"].parameters(), strict=True))


def test_a_reset_without_a_freeze_counts_too(device):
    """Thawing what was never frozen, or was frozen and thawed between two steps."""
    model = a_model("adam", "dropout", device)
    step = TrainStep(model, objective=objective, optimizer="adam")
    step(an_input("adam", device))
    thaw(model, "held", moments="reset")
    step(an_input("adam", device))
    steps = [int(step.optimizer.state[model[name][0].weight]["step"]) for name in ("held", "other")]
    assert [1, 2] == steps


def test_every_step_that_trains_a_part_hears_of_it(device):
    """Two steps over one model, each with an optimizer of its own."""
    model = a_model("adam", "dropout", device)
    steps = [TrainStep(model, objective=objective, optimizer="adam") for _ in range(2)]
    for step in steps:
        step(an_input("adam", device))
    thaw(model, "held", moments="reset")
    for step in steps:
        step(an_input("adam", device))
    assert [1, 1] == [int(step.optimizer.state[model["held"][0].weight]["step"]) for step in steps]


def test_a_state_saved_after_a_reset_has_no_moments_of_it(device):
    """What was asked for is not undone by a resume."""
    model = a_model("adam", "dropout", device)
    step = TrainStep(model, objective=objective, optimizer="adam")
    step(an_input("adam", device))
    thaw(model, "held", moments="reset")
    assert not any(name.startswith("held") for name in step.state_dict()["optimizer"]["state"])


def test_lbfgs_forgets_its_whole_history(device):
    """It is one history over all parameters."""
    model = a_model("adam", "group_norm", device)
    step = TrainStep(model, objective=objective, optimizer="lbfgs")
    step(an_input("adam", device))
    thaw(model, "held", moments="reset")
    step(an_input("adam", device))
    (state,) = step.optimizer.state.values()
    assert 1 == state["n_iter"] // step.optimizer.param_groups[0]["max_iter"] or state["n_iter"] <= 20


def test_lbfgs_moves_nothing_that_is_frozen(device):
    """Neither what was learned before nor the search along all parameters reaches a frozen part."""
    model = a_model("adam", "group_norm", device)
    step = TrainStep(model, objective=objective, optimizer=ref("lbfgs", lr=0.1, max_iter=2))
    inputs = an_input("adam", device)
    step(inputs)
    freeze(model, "held")
    before = {name: value.clone() for name, value in model.state_dict().items()}
    for _ in range(3):
        step(inputs)
    moved = {name.partition(".")[0] for name, value in model.state_dict().items() if not value.equal(before[name])}
    assert {"other"} == moved
