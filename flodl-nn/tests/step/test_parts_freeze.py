"""Frozen means frozen; thawed comes back; swapped parts are exchanged: between any two steps."""

from __future__ import annotations

import copy

import pytest
import torch
from flodl_core import TrainingError, components, ref
from flodl_core.requirements import unmet
from flodl_nn import TrainStep
from torch import nn

NAMED = [
    component.name
    for component in components.list("optimizer")
    if component.origin.distribution == "flodl-nn" and component.name != "lbfgs"
    if not any(map(unmet, component.spec.requires))  # an older torch
]


def a_model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 4, bias=False), nn.Tanh(), nn.Linear(4, 4, bias=False))


def learn(step: TrainStep, times: int = 3) -> None:
    generator = torch.Generator().manual_seed(1)
    where = next(step.model.parameters()).device
    for _ in range(times):
        x = torch.randn(8, 4, generator=generator).to(where)
        step(x, x.roll(1, 1))


def an_optimizer(name: str):
    return ref(name, **({} if name == "rprop" else {"weight_decay": 0.1}))


@pytest.mark.parametrize("name", [n for n in NAMED if n != "sparseadam"])
def test_a_frozen_part_does_not_drift(name, device):
    """Not by momentum, not by weight decay, for any optimizer: the difference is exactly 0."""
    model = a_model().to(device)
    step = TrainStep(model, loss="mse", optimizer=an_optimizer(name))
    learn(step)
    model[0].weight.requires_grad_(False)
    held, other = model[0].weight.detach().clone(), model[2].weight.detach().clone()
    learn(step, 5)
    assert held.equal(model[0].weight)
    assert not other.equal(model[2].weight)
    assert len(step.optimizer.param_groups[0]["params"]) == 1


def test_a_part_frozen_from_the_start_joins_when_thawed(device):
    """By the group rules it always had."""
    model = a_model().to(device)
    model[0].requires_grad_(False)
    step = TrainStep(model, loss="mse", optimizer=ref("adam", lr=1e-2), groups={"0": 1e-4})
    learn(step)
    model[0].requires_grad_(True)
    learn(step, 1)
    assert sorted((len(g["params"]), g["lr"]) for g in step.optimizer.param_groups) == [(1, 1e-4), (1, 1e-2)]
    assert step.optimizer.state[model[0].weight]["step"] == 1


def test_thawing_brings_the_moments_back(device):
    """Their steps go on from where they were."""
    model = a_model().to(device)
    step = TrainStep(model, loss="mse", optimizer="adam")
    learn(step)
    model[0].requires_grad_(False)
    learn(step)
    assert model[0].weight not in step.optimizer.state
    model[0].requires_grad_(True)
    learn(step, 1)
    assert [step.optimizer.state[model[i].weight]["step"] for i in (0, 2)] == [4, 7]


def test_freezing_in_an_open_window_moves_nothing(device):
    """The part's gradient of the window is dropped, and the norm for clipping does not count it."""
    model = a_model().to(device)
    step = TrainStep(model, loss="mse", optimizer=ref("sgd", lr=0.1), accumulate=2, clip_norm=0.01)
    learn(step, 1)
    held = model[0].weight.detach().clone()
    model[0].requires_grad_(False)
    step.end_epoch()
    assert held.equal(model[0].weight)
    assert model[0].weight.grad is None
    assert model[2].weight.grad.norm().item() == pytest.approx(0.01, rel=1e-4)


def test_a_gradient_left_by_someone_else_moves_nothing_frozen(device):
    """Even when a frozen parameter holds one at the moment of the update."""
    model = a_model().to(device)
    model[0].requires_grad_(False)
    step = TrainStep(model, loss="mse", optimizer=ref("sgd", lr=0.1, momentum=0.9))
    held = model[0].weight.detach().clone()
    model[0].weight.grad = torch.ones_like(model[0].weight)
    learn(step)
    assert held.equal(model[0].weight)


@pytest.mark.parametrize("name", ["adam", "sgd"])
def test_a_swapped_part_is_trained_in_place_of_the_old(name, device):
    """The new one joins under the same rules; the old one stays as it is; the rest keeps its state."""
    model = a_model().to(device)
    step = TrainStep(model, loss="mse", optimizer=ref(name, lr=1e-2), groups={"2": 1e-3})
    learn(step)
    old, new = model[0], nn.Linear(4, 4, bias=False).to(device)
    model[0] = new
    before, kept = new.weight.detach().clone(), old.weight.detach().clone()
    learn(step, 1)
    assert kept.equal(old.weight)
    assert not before.equal(new.weight)
    assert [g["lr"] for g in step.optimizer.param_groups] == [1e-2, 1e-3]
    assert [len(g["params"]) for g in step.optimizer.param_groups] == [1, 1]


def test_a_part_that_needs_an_option_of_its_own_gets_a_new_group(device):
    """Rules are read again for what was added; none is made for what is not there."""
    model = a_model().to(device)
    model.append(nn.LayerNorm(4).to(device))
    rules = {"*.bias": {"weight_decay": 0.5}}
    step = TrainStep(model, loss="mse", optimizer=ref("sgd", lr=0.1), groups=rules)
    model.pop(3)
    model.append(nn.Sequential(nn.Linear(4, 4)).to(device))
    learn(step, 1)
    assert [(len(g["params"]), g["weight_decay"]) for g in step.optimizer.param_groups] == [(3, 0), (1, 0.5)]


def test_a_part_that_is_only_added_is_trained_too(device):
    """Nothing else changed."""
    model = a_model().to(device)
    step = TrainStep(model, loss="mse", optimizer=ref("sgd", lr=0.1))
    learn(step)
    model.append(nn.Linear(4, 4).to(device))
    before = model[3].weight.detach().clone()
    learn(step, 1)
    assert not before.equal(model[3].weight)


def test_of_rules_for_one_parameter_the_last_wins(device):
    """Option by option; what a later rule does not speak of stays."""
    model = a_model().to(device)
    rules = {"*": {"lr": 1.0, "weight_decay": 0.5}, "2": 0.25, "2.weight": {"momentum": 0.9}}
    step = TrainStep(model, loss="mse", optimizer=ref("sgd", lr=0.1), groups=rules)
    said = [(g["lr"], g["weight_decay"], g["momentum"]) for g in step.optimizer.param_groups]
    assert said == [(1.0, 0.5, 0), (0.25, 0.5, 0.9)]


def test_shared_weights_are_one_member(device):
    """Counted once, updated once."""
    tied = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False)).to(device)
    tied[1].weight = tied[0].weight
    step = TrainStep(tied, loss="mse", optimizer=ref("sgd", lr=0.1))
    assert len(step.optimizer.param_groups[0]["params"]) == 1
    learn(step)


def test_a_rule_may_name_shared_weights_by_any_of_their_places(device):
    """The head that reuses the embedding's weights: a rate for the head is a rate for them."""
    model = nn.ModuleDict({"embed": nn.Embedding(3, 4), "head": nn.Linear(4, 3, bias=False)}).to(device)
    model["head"].weight = model["embed"].weight
    step = TrainStep(
        model,
        objective=lambda m, x: m["head"](m["embed"](x)).sum(),
        optimizer=ref("sgd", lr=0.1),
        groups={"head": 0.25},
    )
    assert [(1, 0.25)] == [(len(group["params"]), float(group["lr"])) for group in step.optimizer.param_groups]


def test_a_built_optimizer_follows_freezing_too(device):
    """Its groups stay its own; frozen members leave and come back."""
    model = a_model().to(device)
    optimizer = torch.optim.SGD([{"params": model[0].parameters()}, {"params": model[2].parameters()}], momentum=0.9)
    step = TrainStep(model, loss="mse", optimizer=optimizer)
    learn(step)
    model[0].requires_grad_(False)
    held = model[0].weight.detach().clone()
    learn(step)
    assert held.equal(model[0].weight)
    model[0].requires_grad_(True)
    learn(step)
    assert not held.equal(model[0].weight)
    assert [1, 1] == [len(g["params"]) for g in optimizer.param_groups]


@pytest.mark.parametrize("options", [{}, {"accumulate": 3, "clip_norm": 1.0}, {"precision": "bf16"}])
def test_with_everything_frozen_there_is_nothing_to_do(options, device):
    """Said at each step, not passed over; an open window ends with no update, and what is thawed is trained again."""
    model = a_model().to(device)
    step = TrainStep(model, loss="mse", optimizer="sgd", **options)
    learn(step, 1)
    steps = step.steps
    model.requires_grad_(False)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    for _ in range(2):
        with pytest.raises(TrainingError, match="all are frozen\n  try: thaw a part of it"):
            learn(step, 1)
    step.end_epoch()
    assert all(map(torch.equal, before, model.parameters()))
    assert steps == step.steps
    model[2].weight.requires_grad_(True)
    learn(step, 3)
    assert [True, False] == list(map(torch.equal, before, model.parameters()))


def test_what_is_frozen_as_a_whole_can_be_judged(device):
    """A finished model has a loss too."""
    model = a_model().to(device)
    step = TrainStep(model, loss="mse", optimizer="sgd")
    x = torch.rand(8, 4, device=device)
    expected = step.evaluate(x, x)
    model.requires_grad_(False)
    assert all(expected.equal(step.evaluate(x, x)) for _ in range(4))


def test_freezing_inside_an_objective_is_refused(device):
    """What is trained is settled before it runs."""

    def freezing(model, x):
        loss = model(x).square().mean()
        model[0].requires_grad_(False)
        return loss

    model = a_model().to(device)
    step = TrainStep(model, objective=freezing, optimizer="sgd", capture="never")
    with pytest.raises(TrainingError, match="froze a part that is being trained\n  try: freeze between two steps"):
        step(torch.rand(8, 4, device=device))


def test_evaluation_changes_nothing_and_restores_each_mode(device):
    """Statistics, modes, gradients, steps: all as before; dropout is off."""
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 4)).to(device)
    step = TrainStep(model, loss="mse", optimizer="sgd")
    learn(step)
    model[1].eval()
    before = copy.deepcopy(model.state_dict())
    x = torch.rand(8, 4, device=device)
    first, second = step.evaluate(x, x), step.evaluate(x, x)
    assert first.equal(second)
    assert not first.requires_grad
    assert [True, True, False, True, True] == [m.training for m in model.modules()]
    assert step.steps == 3
    for name, value in model.state_dict().items():
        assert before[name].equal(value)


@pytest.mark.parametrize("dampening", [0.0, 0.5])
def test_a_part_that_joins_late_has_a_velocity_of_its_own(dampening, device):
    """The first update of a part frozen from the start is its gradient alone, fused kernel or not."""
    model = a_model().to(device)
    model[0].requires_grad_(False)
    optimizer = ref("sgd", lr=0.1, momentum=0.9, dampening=dampening)
    step = TrainStep(model, loss="mse", optimizer=optimizer)
    learn(step)
    model[0].requires_grad_(True)
    before = model[0].weight.detach().clone()
    learn(step, 1)
    torch.testing.assert_close(before - 0.1 * model[0].weight.grad, model[0].weight.detach())


@pytest.mark.parametrize("built", [True, False])
def test_a_group_added_to_the_optimizer_by_hand_is_trained(built, device):
    """As with torch alone: a part that was frozen thaws with a rate of its own, once, and is saved with it."""
    model = a_model().to(device)
    model[0].requires_grad_(False)
    optimizer = torch.optim.SGD(model[2].parameters(), lr=0.1) if built else ref("sgd", lr=0.1)
    step = TrainStep(model, loss="mse", optimizer=optimizer)
    learn(step)
    model[0].requires_grad_(True)
    step.optimizer.add_param_group({"params": list(model[0].parameters()), "lr": 0.5})
    oracle = copy.deepcopy(model)
    by_hand = torch.optim.SGD(
        [{"params": oracle[2].parameters()}, {"params": oracle[0].parameters(), "lr": 0.5}], lr=0.1, fused=True
    )
    assert [["2.weight"], ["0.weight"]] == [group["names"] for group in step.state_dict()["optimizer"]["groups"]]
    x, y = torch.ones(3, 4, device=device), torch.zeros(3, 4, device=device)
    step(x, y)
    nn.functional.mse_loss(oracle(x), y).backward()
    by_hand.step()
    torch.testing.assert_close(list(model.parameters()), list(oracle.parameters()))


def test_a_group_of_another_model_is_an_error(device):
    """It would not be trained, in silence."""
    step = TrainStep(a_model().to(device), loss="mse", optimizer="sgd")
    step.optimizer.add_param_group({"params": [nn.Parameter(torch.ones(2, device=device))]})
    with pytest.raises(TrainingError, match="with a parameter that is not the model's"):
        learn(step)
