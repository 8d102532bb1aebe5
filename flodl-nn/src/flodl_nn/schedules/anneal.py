"""Schedules that run for a given number of steps and then hold their last value."""

from __future__ import annotations

import math
from typing import final

from attrs import frozen

from flodl_nn.schedules.checks import at_least_one, finite
from flodl_nn.schedules.schedule import AbstractSchedule


@final
@frozen(repr=False)
class Warmup(AbstractSchedule):
    """Up in a line to 1 within so many steps; the first update already moves.

    Args:
        steps: Optimizer steps, at least 1; `warmup(5).every(n)` for epochs of n steps.

    Raises:
        TrainingError: `steps` is no whole number of at least 1.

    >>> [warmup(4).factor(step) for step in (0, 1, 3, 4)]
    [0.25, 0.5, 1.0, 1.0]
    """

    steps: int = at_least_one()

    def factor(self, step: int) -> float:
        """`(step + 1) / steps`, at most 1."""
        return min((step + 1) / self.steps, 1.0)

    @property
    def length(self) -> int:
        """The steps."""
        return self.steps


@final
@frozen(repr=False)
class Cosine(AbstractSchedule):
    """Down from 1 to `floor` along half a cosine, slowly at both ends.

    Args:
        steps: Optimizer steps from 1 to the floor, at least 1.
        floor: Where it ends, as a factor on the base rate.

    Raises:
        TrainingError: `steps` is no whole number of at least 1, or the floor is not finite.

    Source:
        Loshchilov and Hutter 2017, "SGDR: Stochastic Gradient Descent with Warm Restarts", without
        the restarts.

    >>> [round(cosine(10, floor=0.1).factor(step), 3) for step in (0, 5, 10, 11)]
    [1.0, 0.55, 0.1, 0.1]
    """

    steps: int = at_least_one()
    floor: float = finite(0.0)

    def factor(self, step: int) -> float:
        """`floor + (1 - floor) * (1 + cos(pi * step / steps)) / 2`."""
        return half_cosine(step, self.steps, 1.0, self.floor)

    @property
    def length(self) -> int:
        """The steps."""
        return self.steps


@final
@frozen(repr=False)
class Linear(AbstractSchedule):
    """From `start` to `end` in a line.

    Args:
        steps: Optimizer steps on the way, at least 1.
        start: The first factor on the base rate.
        end: The last.

    Raises:
        TrainingError: `steps` is no whole number of at least 1, or a factor is not finite.

    >>> [linear(4).factor(step) for step in (0, 1, 4, 5)]
    [1.0, 0.75, 0.0, 0.0]
    """

    steps: int = at_least_one()
    start: float = finite(1.0)
    end: float = finite(0.0)

    def factor(self, step: int) -> float:
        """`start + (end - start) * step / steps`."""
        return straight(step, self.steps, self.start, self.end)

    @property
    def length(self) -> int:
        """The steps."""
        return self.steps


@final
@frozen(repr=False)
class Polynomial(AbstractSchedule):
    """Down from 1 to `floor` with a power of what is left of the way.

    Args:
        steps: Optimizer steps from 1 to the floor, at least 1.
        power: 1 is a line; above 1, fast first.
        floor: Where it ends, as a factor on the base rate.

    Raises:
        TrainingError: `steps` is no whole number of at least 1, or the power is below 0.

    >>> [polynomial(4, power=2.0).factor(step) for step in (0, 2, 4)]
    [1.0, 0.25, 0.0]
    """

    steps: int = at_least_one()
    power: float = finite(1.0, low=0.0)
    floor: float = finite(0.0)

    def factor(self, step: int) -> float:
        """`floor + (1 - floor) * (1 - step / steps) ** power`."""
        left = 1.0 - min(step, self.steps) / self.steps
        return float(self.floor + (1.0 - self.floor) * left**self.power)

    @property
    def length(self) -> int:
        """The steps."""
        return self.steps


def half_cosine(step: int, steps: int, start: float, end: float) -> float:
    """From `start` to `end` along half a cosine, then held."""
    return end + 0.5 * (start - end) * (1.0 + math.cos(math.pi * min(step, steps) / steps))


def straight(step: int, steps: int, start: float, end: float) -> float:
    """From `start` to `end` in a line, then held."""
    return start + (end - start) * min(step, steps) / steps


warmup = Warmup
cosine = Cosine
linear = Linear
polynomial = Polynomial
