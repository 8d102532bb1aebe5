"""floDl's absolute learning rates are our factor times the base."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flodl_nn.schedules import (
    AbstractSchedule,
    constant,
    cosine,
    cyclic,
    exponential,
    multi_step,
    one_cycle,
    plateau,
    step_decay,
    warmup,
)
from flodl_nn.schedules.plateau import PlateauState

RECORDED = json.loads((Path(__file__).parents[1] / "fixtures" / "flodl_schedules.json").read_text())["schedules"]

OURS: dict[str, tuple[float, AbstractSchedule]] = {
    "StepDecay::new(0.1, 7, 0.5)": (0.1, step_decay(7, 0.5)),
    "CosineScheduler::new(0.1, 0.001, 30)": (0.1, cosine(30, floor=0.01)),
    "CosineScheduler::new(0.1, 0.001, 25)": (0.1, cosine(25, floor=0.01)),
    "WarmupScheduler::new(CosineScheduler::new(0.1, 0.001, 25), 0.1, 5)": (
        0.1,
        warmup(5).then(cosine(25, floor=0.01)),
    ),
    "WarmupScheduler::new(StepDecay::new(0.05, 4, 0.1), 0.1, 3)": (0.1, warmup(3).then(step_decay(4, 0.1).times(0.5))),
    "ExponentialLR::new(0.1, 0.9)": (0.1, exponential(0.9)),
    "MultiStepLR::new(0.1, [5,12,20], 0.1)": (0.1, multi_step([5, 12, 20], 0.1)),
    "MultiStepLR::new(0.1, [20,5,12], 0.5)": (0.1, multi_step([20, 5, 12], 0.5)),
    "OneCycleLR::new(0.1, 30)": (0.1, one_cycle(30)),
    "OneCycleLR::new(0.1, 25)": (0.1, one_cycle(25)),
    "OneCycleLR::with_warmup_frac(0.1, 30, 0.1)": (0.1, one_cycle(30, warmup=0.1)),
    "OneCycleLR::with_warmup_frac(0.1, 30, 0.0)": (0.1, one_cycle(30, warmup=0.0)),
    "OneCycleLR::with_warmup_frac(0.1, 30, 1.0)": (0.1, one_cycle(30, warmup=1.0)),
    "CyclicLR::new(0.001, 0.01, 4)": (0.01, cyclic(4, low=0.1)),
    "CyclicLR::asymmetric(0.001, 0.01, 3, 6)": (0.01, cyclic(3, 6, low=0.1)),
}


def test_every_recorded_schedule_is_compared():
    """The table above leaves none of floDl's out; the plateau has a test of its own."""
    assert set(RECORDED) == {*OURS, "PlateauScheduler::new(0.1, 3, 0.5, 0.01)"}


@pytest.mark.parametrize("name", OURS)
def test_base_times_factor_is_flodls_rate(name):
    """Steps 0 to 39 give the rates that floDl 0.2.2 gave, in double precision."""
    base, schedule = OURS[name]
    assert pytest.approx(RECORDED[name], rel=1e-12, abs=1e-18) == [schedule.lr(step, base) for step in range(40)]


def test_plateau_is_flodls():
    """The same metrics bring the same decreases."""
    recorded = RECORDED["PlateauScheduler::new(0.1, 3, 0.5, 0.01)"]
    rule, state, rates = plateau("loss", patience=3, gamma=0.5, floor=0.1), PlateauState(), []
    for value in recorded["observed"]:
        state = rule.observe(state, value)
        rates.append(0.1 * state.scale)
    assert pytest.approx(recorded["returned_lr"], rel=1e-12) == rates


def test_a_constant_is_its_value():
    """Whatever the step."""
    assert [0.05] * 3 == [constant(0.5).lr(step, 0.1) for step in (0, 1, 10**9)]
