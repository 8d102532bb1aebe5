"""Rules in a step over a plain module: what they read, what their actions do, what is saved of them."""

from __future__ import annotations

import copy
import io
from typing import Any

import pytest
import torch
from flodl_core import CheckpointError, PathError, TrainingError, ref
from flodl_core.rules import Rule, freeze, save, scale_lr, stop, thaw, trend, trends, when
from flodl_core.rules.table import rule_to_table
from flodl_core.trends import Trend, TrendGroup
from flodl_core.trends.ledger import Ledger
from flodl_core.trends.trend import Goal
from flodl_nn import TrainStep, cosine
from torch import nn

EVERY = trend("loss").latest() < 1e9


def a_step(device: torch.device, *rules: Rule, **changes: Any) -> TrainStep[..., Any]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 4)).to(device)
    settings = {"loss": "mse", "optimizer": ref("adamw", lr=1e-2), "rules": rules, **changes}
    return TrainStep(model, **settings)


def learn(step: TrainStep[..., Any], first: int, last: int) -> list[float]:
    """Batches by number, four to an epoch; their losses."""
    where, losses = next(step.model.parameters()).device, []
    for index in range(first, last):
        x = torch.randn(8, 4, generator=torch.Generator().manual_seed(index)).to(where)
        losses.append(float(step(x, x.roll(1, 1))))
        if index % 4 == 3:
            step.end_epoch()
    return losses


def rates(step: TrainStep[..., Any]) -> dict[str, float]:
    """Parameter to its group's base rate."""
    names = {id(p): name for name, p in step.model.named_parameters()}
    return {
        names[id(p)]: group.get("initial_lr", group["lr"])
        for group in step.optimizer.param_groups
        for p in group["params"]
    }


def test_the_mean_loss_is_a_trend(device: torch.device) -> None:
    """A module that records nothing has the mean loss of each epoch under "loss"."""
    step = a_step(device, when(EVERY).do(save(), cooldown=0))
    step.on_save(lambda: None)
    for epoch in range(3):
        losses = learn(step, 4 * epoch, 4 * epoch + 4)
        (value,) = step.fired[0].windows["loss"]
        assert sum(losses) / 4 == pytest.approx(value, rel=1e-6)


def test_metrics_handed_in_are_trends(device: torch.device) -> None:
    """Under their names, and before a loss of the same name."""
    step = a_step(device, when(trend("acc", goal="max").latest() > 0.8).do(stop()))
    learn(step, 0, 1)
    step.end_epoch({"acc": 0.7})
    assert not step.stopped
    step.end_epoch({"acc": 0.9, "loss": 4.0})
    assert step.stopped


def test_thaw_joins_at_the_next_step(device: torch.device) -> None:
    """What a rule thaws learns from the next batch on; what it freezes stands still, to the bit."""
    step = a_step(device, when(EVERY).do(thaw("0"), freeze("2"), once=True))
    step.model[0].requires_grad_(False)
    first, last = copy.deepcopy(step.model[0].state_dict()), step.model[2]
    learn(step, 0, 4)
    assert all(torch.equal(value, step.model[0].state_dict()[key]) for key, value in first.items())
    held = copy.deepcopy(last.state_dict())
    learn(step, 4, 6)
    assert not torch.equal(first["weight"], step.model[0].weight)
    assert all(torch.equal(value, last.state_dict()[key]) for key, value in held.items())


def test_thaw_may_reset_moments(device: torch.device) -> None:
    """The optimizer forgets what it knew of the part, or not, as the rule says."""
    for moments, expected in (("keep", 5), ("reset", 1)):
        rule = when(EVERY).do(freeze("0"), thaw("0", moments=moments), once=True)  # type: ignore[arg-type]
        step = a_step(device, rule)
        learn(step, 0, 5)
        assert {expected} == {int(step.optimizer.state[p]["step"]) for p in step.model[0].parameters()}


@pytest.mark.parametrize("schedule", [None, cosine(1_000)], ids=["no schedule", "cosine"])
def test_scale_lr_scales_a_part(device: torch.device, schedule: Any) -> None:
    """Its parameters alone, whatever group they would share; a schedule goes on from the new base."""
    step = a_step(device, when(EVERY).do(scale_lr(0.5, "2"), cooldown=0), schedule=schedule)
    learn(step, 0, 8)
    assert {"0.weight": 1e-2, "0.bias": 1e-2, "2.weight": 2.5e-3, "2.bias": 2.5e-3} == rates(step)
    learn(step, 8, 9)
    factor = 1.0 if schedule is None else schedule.factor(8)
    assert [1e-2 * factor, 2.5e-3 * factor] == [group["lr"] for group in step.optimizer.param_groups]


def test_scale_lr_scales_everything(device: torch.device) -> None:
    """Without a path; groups keep their ratios."""
    step = a_step(device, when(EVERY).do(scale_lr(0.1), once=True), groups={"0": 1e-3})
    learn(step, 0, 4)
    assert {"0.weight": 1e-4, "0.bias": 1e-4, "2.weight": 1e-3, "2.bias": 1e-3} == pytest.approx(rates(step))


def test_a_group_of_its_own_changes_no_number(device: torch.device) -> None:
    """A rule that never fires leaves losses and weights as they are without it, to the bit."""
    plain, ruled = a_step(device), a_step(device, when(trend("loss").latest() < -1.0).do(scale_lr(0.5, "2")))
    assert learn(plain, 0, 12) == learn(ruled, 0, 12)
    for mine, other in zip(plain.model.parameters(), ruled.model.parameters(), strict=True):
        assert torch.equal(mine, other)


def test_a_built_optimizer_with_mixed_groups(device: torch.device) -> None:
    """The part cannot be scaled alone: told when the step is made."""
    model = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 4)).to(device)
    built = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(TrainingError, match=r"has '1' in one group with other parts"):
        TrainStep(model, loss="mse", optimizer=built, rules=[when(EVERY).do(scale_lr(0.5, "1"))])
    apart = torch.optim.SGD([{"params": layer.parameters()} for layer in model], lr=0.1)
    TrainStep(model, loss="mse", optimizer=apart, rules=[when(EVERY).do(scale_lr(0.5, "1"))])


def test_save_calls_those_who_listen(device: torch.device) -> None:
    """When the epoch is closed and all rules are asked; with nobody there it is said."""
    step, seen = a_step(device, when(EVERY).do(save(), cooldown=0), when(EVERY).do(stop(), cooldown=0)), []
    with pytest.warns(UserWarning, match="wants to save the run, and nobody listens"):
        learn(step, 0, 4)
    step.on_save(lambda: seen.append((step.epoch, step.stopped)))
    learn(step, 4, 8)
    assert [(2, True)] == seen


def test_a_dead_run_is_stopped(device: torch.device) -> None:
    """NaN makes every verdict unknown but the one that asks for it."""
    step = a_step(device, when(~trend("loss").finite()).do(stop()))
    with torch.no_grad():
        step.model[2].bias.fill_(float("nan"))
    learn(step, 0, 4)
    assert step.stopped


def test_a_wrong_path_is_told_when_the_step_is_made(device: torch.device) -> None:
    """All of them together, each with the line of its rule and the nearest path."""
    rules = [when(EVERY).do(thaw("encoder")), when(EVERY).do(scale_lr(0.5, "2.wieght"))]
    with pytest.raises(PathError, match=r"(?s)2 errors\nthaw\('encoder'\): .*at: .*test_rules.py.*'2.weight'"):
        a_step(device, *rules)


def test_rules_may_be_tables(device: torch.device) -> None:
    """The plain data of an experiment file does the same."""
    step = a_step(device, rules=[rule_to_table(when(EVERY).do(stop()))])
    learn(step, 0, 4)
    assert step.stopped


RULES = (
    when(trend("loss").stalled(3) | (trend("loss").latest() < 0.95)).do(scale_lr(0.5, "2"), cooldown=1),
    when(trend("loss").latest() < 0.97).do(thaw("0"), once=True),
    when(trend("loss").slope(2) > 0.0).do(freeze("0")),
)


@pytest.mark.parametrize("cut", [1, 3, 4, 5, 8, 11, 14, 23])
def test_a_resumed_run_fires_and_learns_as_one_that_never_stopped(device: torch.device, cut: int) -> None:
    """Losses, weights, rates and firings equal to the bit, cut inside an epoch or at its end."""
    whole, half = a_step(device, *RULES), a_step(device, *RULES)
    expected = learn(whole, 0, 24)
    before = learn(half, 0, cut)
    file = io.BytesIO()
    torch.save({"model": half.model.state_dict(), "step": half.state_dict()}, file)
    file.seek(0)
    saved = torch.load(file, weights_only=True)
    other = a_step(device, *RULES)
    other.model.load_state_dict(saved["model"])
    other.load_state_dict(saved["step"])
    assert expected == before + learn(other, cut, 24)
    assert rates(whole) == rates(other)
    assert whole.fired == other.fired
    assert whole._rules.state_dict()["memories"] == other._rules.state_dict()["memories"]
    for mine, theirs in zip(whole.model.parameters(), other.model.parameters(), strict=True):
        assert torch.equal(mine, theirs)


@pytest.mark.parametrize("broken", [None, {"memories": []}, {"memories": 3, "ledger": {}, "total": None, "count": 0}])
def test_a_broken_state_changes_nothing(device: torch.device, broken: Any) -> None:
    """One error, before anything is taken over."""
    step = a_step(device, *RULES)
    learn(step, 0, 4)
    state = copy.deepcopy(step.state_dict())
    weights = copy.deepcopy(step.model.state_dict())
    with pytest.raises(CheckpointError, match="rules"):
        step.load_state_dict({**state, "rules": broken, "steps": 99})
    assert 4 == step.steps
    assert all(torch.equal(value, step.model.state_dict()[key]) for key, value in weights.items())


def test_scale_lr_finds_a_shared_part_by_each_of_its_paths(device: torch.device) -> None:
    """Tied weights go by their first name in a group; the rule may know them by another."""
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4)).to(device)
    model[1].weight, model[1].bias = model[0].weight, model[0].bias
    step = TrainStep(model, loss="mse", optimizer=ref("sgd", lr=1.0), rules=[when(EVERY).do(scale_lr(0.5, "1"))])
    learn(step, 0, 4)
    assert {"0.weight": 0.5, "0.bias": 0.5, "2.weight": 1.0, "2.bias": 1.0} == rates(step)


@pytest.mark.parametrize("schedule", [None, cosine(100)])
def test_scale_lr_scales_rates_that_are_tensors(device: torch.device, schedule: Any) -> None:
    """Of that part alone, though torch gives all groups one tensor; not on top of what a schedule did to it."""
    model = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 4)).to(device)
    parts = [{"params": list(part.parameters())} for part in model]
    optimizer = torch.optim.Adam(parts, lr=torch.tensor(1.0))
    step = TrainStep(
        model, loss="mse", optimizer=optimizer, schedule=schedule, rules=[when(EVERY).do(scale_lr(0.5, "1"))]
    )
    learn(step, 0, 5)
    factor = 1.0 if schedule is None else schedule.factor(4)
    expected = [torch.tensor(base * factor) for base in (1.0, 0.5)]
    torch.testing.assert_close(expected, [torch.as_tensor(group["lr"]) for group in optimizer.param_groups])


def test_a_glob_names_what_was_handed_in_to_a_model_that_records(device: torch.device) -> None:
    """And a misspelt name is told the nearest of it."""

    class Recording(nn.Linear):
        def __init__(self) -> None:
            super().__init__(4, 4)
            self.own = Ledger()

        def trend(self, path: str, *, goal: Goal = "min") -> Trend:
            return self.own.trend(path, goal=goal)

        def trends(self, *paths: str, goal: Goal = "min") -> TrendGroup:
            return self.own.trends(*paths, goal=goal)

    model = Recording().to(device)
    model.own.enter(0, {"val_size": 1.0})
    rules = [
        when(trends("val_*").any_stalled(3)).do(stop()),
        when(trend("val_los").latest() < 1.0).do(stop()),
    ]
    step = TrainStep(model, loss="mse", optimizer="adam", rules=rules)
    with pytest.warns(UserWarning, match="nothing is recorded as 'val_los'; did you mean 'val_loss'"):
        step.end_epoch({"val_loss": 2.0, "val_size": 3.0})
    for _ in range(2):
        step.end_epoch({"val_loss": 2.0})
    assert {"val_loss": (2.0, 2.0, 2.0), "val_size": (3.0,)} == dict(step.fired[0].windows)
