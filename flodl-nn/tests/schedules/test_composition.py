"""Schedules compose, stay frozen values, and say what is wrong with their arguments."""

from __future__ import annotations

import math
import pickle

import pytest
from flodl_core import ComponentError, TrainingError, ref
from flodl_nn import schedules
from flodl_nn.schedules import (
    constant,
    cosine,
    cyclic,
    exponential,
    inverse_sqrt,
    linear,
    multi_step,
    one_cycle,
    plateau,
    polynomial,
    step_decay,
    warmup,
    warmup_stable_decay,
)
from flodl_nn.schedules.plateau import PlateauState
from hypothesis import given
from hypothesis import strategies as some

EACH = [
    constant(0.5),
    cosine(10, floor=0.1),
    cyclic(3, 5),
    exponential(0.9),
    inverse_sqrt(4),
    linear(10),
    multi_step([3, 7]),
    one_cycle(10),
    plateau("loss"),
    polynomial(10, power=2.0),
    step_decay(3),
    warmup(5),
    warmup_stable_decay(2, 3, 4, shape="sqrt"),
]


@pytest.mark.parametrize("schedule", EACH, ids=repr)
def test_a_schedule_is_a_value(schedule):
    """Equal to its pickled copy, hashable, and its repr, read as code, makes it again."""
    assert schedule == pickle.loads(pickle.dumps(schedule))
    assert hash(schedule) == hash(pickle.loads(pickle.dumps(schedule)))
    assert schedule == eval(repr(schedule), vars(schedules))


@pytest.mark.parametrize("schedule", EACH, ids=repr)
@pytest.mark.parametrize("step", [0, 1, 10, 11, 10**9])
def test_a_factor_is_a_finite_number(schedule, step):
    """At the first step, at the end, and far beyond it."""
    assert math.isfinite(schedule.factor(step))
    assert 0.0 <= schedule.factor(step) <= 1.0 + 1e-12


@pytest.mark.parametrize("schedule", [s for s in EACH if s.length is not None], ids=repr)
def test_after_its_length_a_schedule_holds(schedule):
    """The factor at the length is the last one."""
    assert schedule.factor(schedule.length) == schedule.factor(schedule.length + 1) == schedule.factor(10**6)


@given(step=some.integers(0, 10**6), first=some.integers(1, 500), ticks=some.integers(1, 50))
def test_composition_is_arithmetic_on_the_clock(step, first, ticks):
    """`then` shifts the step, `every` divides it, `times` scales the factor."""
    a, b = linear(300), cosine(200, floor=0.1)
    assert a.then(b, after=first).factor(step) == (a.factor(step) if step < first else b.factor(step - first))
    assert a.every(ticks).factor(step) == a.factor(step // ticks)
    assert a.times(0.3).factor(step) == a.factor(step) * 0.3


def test_lengths_add_up():
    """A chain is as long as its parts; one without an end makes the chain endless."""
    assert warmup(5).then(cosine(10)).length == 15
    assert warmup(5).every(10).length == 50
    assert warmup(5).then(exponential(0.9)).length is None


def test_nothing_follows_the_endless_unless_told_when():
    """`then` needs a length; `after` gives one."""
    with pytest.raises(
        TrainingError, match=r"exponential\(gamma=0.9\) never ends.*\n  try: .then\(other, after=1000\)"
    ):
        exponential(0.9).then(cosine(10))
    assert exponential(0.9).then(cosine(10), after=7).factor(7) == 1.0


def test_what_follows_may_be_a_reference():
    """A name with its arguments, as wherever a schedule is due; anything else is an error at once."""
    assert warmup(4).then(cosine(10)) == warmup(4).then(ref("cosine", 10)) == warmup(4).then(("cosine", {"steps": 10}))
    with pytest.raises(ComponentError, match=r"a scheduler is due, got the class Cosine\n  try: call it"):
        warmup(4).then(cosine)
    with pytest.raises(TrainingError, match=r"after warmup\(steps=4\) comes a schedule, got <function"):
        warmup(4).then(lambda step: 1.0)


def test_a_plateau_waits_rests_and_reads_both_ways():
    """NaN is not better; during the cooldown nothing counts; `max` turns the comparison round."""
    rule, state = plateau("acc", patience=2, gamma=0.5, cooldown=2, goal="max"), PlateauState()
    scales = []
    for value in (0.5, 0.4, math.nan, 0.4, 0.4, 0.4, 0.4, 0.9):
        state = rule.observe(state, value)
        scales.append(state.scale)
    assert [1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25] == scales
    assert state.best == 0.9


def test_a_plateau_gets_over_a_first_epoch_without_bounds():
    """Any number is better than infinity."""
    rule, state = plateau("loss", patience=2, threshold=0.01), PlateauState()
    for value in (math.inf, 1.0, 0.9, 0.8):
        state = rule.observe(state, value)
    assert (1.0, 0.8, 0) == (state.scale, state.best, state.waited)


def test_a_factor_beyond_floats_is_infinite():
    """Not an error of the arithmetic in the middle of a run."""
    for schedule in (exponential(2.0), step_decay(1, 2), multi_step(range(2000), 2.0)):
        assert math.inf == schedule.factor(5000)


def test_a_plateau_in_a_chain_is_in_force_from_its_own_start():
    """Before, no metric is read."""
    chain = warmup(5).then(plateau("loss"))
    assert chain.plateau_at(4) is None
    assert plateau("loss") == chain.plateau_at(5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: cosine(0), r"cosine\(\): steps is a whole number of at least 1, got 0"),
        (lambda: cosine(2.5), r"cosine\(\): steps is a whole number of at least 1, got 2.5"),
        (lambda: step_decay(True), r"step_decay\(\): size is a whole number"),
        (lambda: one_cycle(10, warmup=2), r"one_cycle\(\): warmup is a number from 0 to 1, got 2"),
        (lambda: linear(10, end=math.nan), r"linear\(\): end is a number of at least 0, got nan"),
        (lambda: cosine(10, floor=-0.1), r"cosine\(\): floor is a number of at least 0, got -0.1"),
        (lambda: multi_step([]), r"multi_step\(\): milestones are whole steps, at least one, got \[\]"),
        (lambda: plateau(3), r"plateau\(\): metric is a recorded name, got 3"),
        (lambda: plateau("loss", goal="low"), r"plateau\(\): goal is 'min' or 'max', got 'low'"),
        (lambda: warmup(5).every(0), r"every\(\): steps is a whole number of at least 1, got 0"),
    ],
)
def test_a_wrong_argument_is_named(make, message):
    """By word, argument, what is due, and the value."""
    with pytest.raises(TrainingError, match=message):
        make()
