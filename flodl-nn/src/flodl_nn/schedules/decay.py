"""Schedules that go down and have no end of their own: constant, step, exponential, inverse square root."""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import Any, final

from attrs import Attribute, field, frozen
from flodl_core import TrainingError

from flodl_nn.schedules.checks import at_least_one, finite
from flodl_nn.schedules.schedule import AbstractSchedule


@final
@frozen(repr=False)
class Constant(AbstractSchedule):
    """The same factor at every step.

    Args:
        value: What each group's base rate is multiplied by.

    >>> constant(0.5).factor(1000)
    0.5
    """

    value: float = finite(1.0)

    def factor(self, step: int) -> float:
        """The value."""
        return self.value


@final
@frozen(repr=False)
class StepDecay(AbstractSchedule):
    """Down by the factor `gamma` every `size` steps.

    Args:
        size: Optimizer steps between two falls, at least 1; `.every(n)` makes them epochs of n steps.
        gamma: What the rate is multiplied by at each.

    >>> [step_decay(2, 0.5).factor(step) for step in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    size: int = at_least_one()
    gamma: float = finite(0.1, low=0.0)

    def factor(self, step: int) -> float:
        """`gamma ** (step // size)`."""
        return _power(self.gamma, step // self.size)


@final
@frozen(repr=False)
class Exponential(AbstractSchedule):
    """Down by the factor `gamma` at every step.

    Args:
        gamma: What the rate is multiplied by, at least 0; 0.999 halves it in 693 steps.

    >>> exponential(0.5).factor(2)
    0.25
    """

    gamma: float = finite(low=0.0)

    def factor(self, step: int) -> float:
        """`gamma ** step`."""
        return _power(self.gamma, step)


def _milestones(value: Any) -> tuple[int, ...]:
    return tuple(sorted(value)) if isinstance(value, list | tuple | range | set | frozenset) else (value,)


def _counts(schedule: object, attribute: Attribute[Any], value: tuple[Any, ...]) -> None:
    if not value or not all(isinstance(step, int) and not isinstance(step, bool) and step >= 0 for step in value):
        raise TrainingError(f"multi_step(): milestones are whole steps, at least one, got {list(value)!r}")


@final
@frozen(repr=False)
class MultiStep(AbstractSchedule):
    """Down by the factor `gamma` at each of the milestones, which may come in any order.

    Args:
        milestones: Optimizer steps, at least one of them.
        gamma: What the rate is multiplied by at each.

    Raises:
        TrainingError: There is no milestone, or one is no whole step.

    >>> [multi_step([4, 2], 0.5).factor(step) for step in (1, 2, 3, 4)]
    [1.0, 0.5, 0.5, 0.25]
    """

    milestones: tuple[int, ...] = field(converter=_milestones, validator=_counts)
    gamma: float = finite(0.1, low=0.0)

    def factor(self, step: int) -> float:
        """`gamma` to the number of milestones reached."""
        return _power(self.gamma, bisect_right(self.milestones, step))

    @property
    def length(self) -> int:
        """The last milestone."""
        return self.milestones[-1]


@final
@frozen(repr=False)
class InverseSqrt(AbstractSchedule):
    """Up in a line for `warmup` steps, then down with the square root of the step; 1 at the top.

    Args:
        warmup: Optimizer steps to the top, at least 1.

    Source:
        Vaswani et al. 2017, "Attention Is All You Need", section 5.3, scaled so that the top is
        the group's own rate.

    >>> [inverse_sqrt(4).factor(step) for step in (0, 3, 15)]
    [0.25, 1.0, 0.5]
    """

    warmup: int = at_least_one()

    def factor(self, step: int) -> float:
        """`min((step + 1) / warmup, sqrt(warmup / (step + 1)))`."""
        return min((step + 1) / self.warmup, math.sqrt(self.warmup / (step + 1)))


def _power(gamma: float, times: int) -> float:
    """`gamma ** times`; infinite where it is beyond all floats, as it is to the optimizer."""
    try:
        return float(gamma) ** times
    except OverflowError:
        return math.inf


constant = Constant
step_decay = StepDecay
exponential = Exponential
multi_step = MultiStep
inverse_sqrt = InverseSqrt
