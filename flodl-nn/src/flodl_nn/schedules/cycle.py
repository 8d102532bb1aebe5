"""Schedules that go up and come down: one cycle, many, or a long plain between."""

from __future__ import annotations

import math
from typing import final

from attrs import frozen

from flodl_nn.schedules.anneal import half_cosine, straight
from flodl_nn.schedules.checks import at_least_one, at_least_zero, finite, one_of
from flodl_nn.schedules.schedule import AbstractSchedule


@final
@frozen(repr=False)
class OneCycle(AbstractSchedule):
    """Up in a line from `start` to 1, then down along half a cosine to `floor`. The base rate is the top.

    Args:
        steps: Of the whole cycle.
        warmup: The part of it that goes up, from 0 to 1.
        start: Where it begins, as a part of the top.
        floor: Where it ends, likewise.

    Source:
        Smith and Topin 2018, "Super-Convergence: Very Fast Training of Neural Networks Using Large
        Learning Rates"; the cosine way down follows fastai.

    >>> [round(one_cycle(10, warmup=0.2).factor(step), 3) for step in (0, 1, 2, 10)]
    [0.04, 0.52, 1.0, 0.04]
    """

    steps: int = at_least_one()
    warmup: float = finite(0.3, low=0.0, high=1.0)
    start: float = finite(0.04)
    floor: float = finite(0.04)

    def factor(self, step: int) -> float:
        """Up to the top at `round(warmup * steps)`, down to the floor at `steps`."""
        top = math.floor(self.warmup * self.steps + 0.5)  # halves go up
        step = min(step, self.steps)
        if step < top:
            return straight(step, top, self.start, 1.0)
        return half_cosine(step - top, max(self.steps - top, 1), 1.0, self.floor)

    @property
    def length(self) -> int:
        """The steps."""
        return self.steps


@final
@frozen(repr=False)
class Cyclic(AbstractSchedule):
    """Up and down in lines between `low` and `high`, again and again.

    Args:
        up: Steps from `low` to `high`.
        down: Steps back; as many as `up` unless given.
        low: The least factor.
        high: The greatest.

    Source:
        Smith 2017, "Cyclical Learning Rates for Training Neural Networks", the triangular policy.

    >>> [cyclic(2, low=0.0).factor(step) for step in range(6)]
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.5]
    """

    up: int = at_least_one()
    down: int = at_least_zero(0)
    low: float = finite(0.1)
    high: float = finite(1.0)

    def factor(self, step: int) -> float:
        """A triangle of `up + down` steps."""
        down = self.down or self.up
        place = step % (self.up + down)
        if place < self.up:
            return straight(place, self.up, self.low, self.high)
        return straight(place - self.up, down, self.high, self.low)


@final
@frozen(repr=False)
class WarmupStableDecay(AbstractSchedule):
    """Up in a line, a long plain at 1, then down: the plain may be made longer while it runs.

    Args:
        warmup: Steps up.
        stable: Steps at 1.
        decay: Steps down to `floor`.
        floor: Where it ends.
        shape: The way down: `"linear"`, `"cosine"`, or `"sqrt"` (one minus the square root).

    Source:
        Hu et al. 2024, "MiniCPM: Unveiling the Potential of Small Language Models with Scalable
        Training Strategies"; the square root: Hägele et al. 2024, "Scaling Laws and Compute-Optimal
        Training Beyond Fixed Training Durations".

    >>> [warmup_stable_decay(2, 4, 4).factor(step) for step in (0, 1, 5, 8, 10)]
    [0.5, 1.0, 1.0, 0.5, 0.0]
    """

    warmup: int = at_least_zero()
    stable: int = at_least_zero()
    decay: int = at_least_one()
    floor: float = finite(0.0)
    shape: str = one_of("linear", "cosine", "sqrt", default="linear")

    def factor(self, step: int) -> float:
        """By phase."""
        if step < self.warmup:
            return (step + 1) / self.warmup
        late = max(step - self.warmup - self.stable, 0)
        if self.shape == "cosine":
            return half_cosine(late, self.decay, 1.0, self.floor)
        part = min(late, self.decay) / self.decay
        return 1.0 - (1.0 - self.floor) * (math.sqrt(part) if self.shape == "sqrt" else part)

    @property
    def length(self) -> int:
        """All three phases."""
        return self.warmup + self.stable + self.decay


one_cycle = OneCycle
cyclic = Cyclic
warmup_stable_decay = WarmupStableDecay
