"""What a schedule promises: a frozen, pure function of the optimizer step. Needs no torch."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

from flodl_core.errors import ContractError
from flodl_core.testing.contracts.check import Check, Skip, Subject
from flodl_core.testing.contracts.oracle import NONE, oracle_of
from flodl_core.testing.contracts.promise import require

_NEAR = tuple(range(400))
_FAR = (10**4, 10**6, 10**9)
_STEPS = (*_NEAR, *_FAR)


def builds(subject: Subject) -> None:
    """It has a `factor` of the step and a `lr` of step and base."""
    schedule = subject.make()
    for name in ("factor", "lr"):
        require(callable(getattr(schedule, name, None)), f"its product, a {type(schedule).__name__}, has no {name}()")
    factor = schedule.factor(0)
    require(isinstance(factor, (int, float)), f"factor(0) is a {type(factor).__name__}, not a number")


def finite(subject: Subject) -> None:
    """A finite number that is not negative at step 0, at every step, and far beyond the end."""
    schedule = subject.make()
    for step in (*_steps(schedule), *_FAR):
        factor = schedule.factor(step)
        require(math.isfinite(factor), f"factor({step}) is {factor}")
        require(factor >= 0.0, f"factor({step}) is {factor}: the rate would go up the gradient")


def pure(subject: Subject) -> None:
    """The same step has the same factor, whatever was asked before; nothing of it can be set; equal ones are equal."""
    schedule, other = subject.make(), subject.make()
    forth = [schedule.factor(step) for step in _STEPS]
    back = [schedule.factor(step) for step in reversed(_STEPS)][::-1]
    for step, first, second in zip(_STEPS, forth, back, strict=True):
        require(first == second, f"factor({step}) is {first}, and {second} when asked in another order")
    require(schedule == other, "two made alike are not equal")
    require(repr(schedule) == repr(other), "two made alike have different reprs")
    _require_frozen(schedule)


def value(subject: Subject) -> Skip | None:
    """The closed form of its oracle, at every step."""
    oracle = oracle_of(subject)
    if oracle is None:
        return NONE
    schedule = subject.make()
    computed = oracle(*subject.example.args, **subject.example.kwargs)
    for step in (*_steps(schedule), *_FAR):
        expected, actual = float(computed(step)), schedule.factor(step)
        near = abs(expected - actual) <= 1e-12 * (1.0 + abs(expected))
        require(near, f"factor({step}) is {actual:.9g} instead of {expected:.9g}")
    return None


def rates(subject: Subject) -> None:
    """Each group keeps its own rate: `lr(step, base)` is base times factor."""
    schedule = subject.make()
    for step in _STEPS:
        for base in (1e-3, 0.5):
            expected, actual = base * schedule.factor(step), schedule.lr(step, base)
            require(math.isclose(expected, actual, rel_tol=1e-12), f"lr({step}, {base}) is {actual}, not {expected}")


def copies(subject: Subject) -> None:
    """A deepcopy and an unpickled one are equal, and go the same way."""
    schedule = subject.make()
    for what, other in (("deepcopy", copy.deepcopy(schedule)), ("pickle", pickle.loads(pickle.dumps(schedule)))):  # noqa: S301
        require(schedule == other, f"a {what} of it is not equal to it")
        for step in _STEPS:
            require(schedule.factor(step) == other.factor(step), f"a {what} of it has another factor({step})")


def _steps(schedule: Any) -> tuple[int, ...]:
    """The first hundreds, and the end with its neighbours."""
    length = getattr(schedule, "length", None)
    return tuple(sorted({*_NEAR, *(length + by for by in (-1, 0, 1) if length)} if length else _NEAR))


def _require_frozen(schedule: Any) -> None:
    names = getattr(type(schedule), "__match_args__", ()) or tuple(getattr(schedule, "__dict__", ()))
    for name in names:
        try:
            setattr(schedule, name, getattr(schedule, name))
        except AttributeError:  # frozen attrs and dataclasses raise kinds of it
            continue
        raise ContractError(f"it is not frozen: {name} can be set")


SUITE = (
    Check("builds", "Its example makes a schedule: factor(step), and lr(step, base).", builds),
    Check("finite", "A finite factor of at least 0 at step 0, at each step, and far beyond the end.", finite),
    Check("pure", "A frozen, pure function of the step.", pure),
    Check("value", "Its oracle's closed form.", value),
    Check("rates", "Every group keeps its own rate, times the factor.", rates),
    Check("copies", "A deepcopy and an unpickled one are equal to it.", copies),
)
