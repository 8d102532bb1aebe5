"""A schedule that watches a metric: down when it no longer gets better."""

from __future__ import annotations

import math
from typing import Any, final

from attrs import Attribute, evolve, field, frozen
from flodl_core import TrainingError

from flodl_nn.schedules.checks import at_least_one, at_least_zero, finite, one_of
from flodl_nn.schedules.schedule import AbstractSchedule


@final
@frozen(kw_only=True)
class PlateauState:
    """What a plateau rule remembers from epoch to epoch: plain numbers, saved with the step."""

    scale: float = 1.0
    best: float | None = None
    waited: int = 0
    resting: int = 0
    read: int | None = None
    """The epoch of the model's point that was read last: none is read twice."""
    about: str = ""
    """What `best` is the best of: another rule, later in a chain, may read something else."""


def _is_name(schedule: object, attribute: Attribute[Any], value: Any) -> None:
    if not isinstance(value, str) or not value:
        raise TrainingError(f"plateau(): metric is a recorded name, got {value!r}", mend='plateau("val_loss")')


@final
@frozen(repr=False)
class Plateau(AbstractSchedule):
    """Down by a factor when a metric has not got better for `patience` epochs.

    The step reads the metric at `end_epoch`, from the model's recorded values or those handed in.
    An epoch without the metric changes nothing; NaN counts as not better. The rule itself is frozen;
    what it remembers is a `PlateauState`.

    Args:
        metric: A dotted name as recorded: `"val_loss"`, `"encoder.loss"`.
        patience: Epochs without a better value before the rate goes down.
        gamma: What the rate is multiplied by then.
        floor: The least factor.
        threshold: By how much, as a part of the best, a value must be better to count.
        cooldown: Epochs after a decrease that do not count.
        goal: `"min"` or `"max"`.

    >>> rule = plateau("val_loss", patience=2, gamma=0.5)
    >>> state = PlateauState()
    >>> for value in (1.0, 0.9, 0.95, 0.95):
    ...     state = rule.observe(state, value)
    >>> state.scale
    0.5
    """

    metric: str = field(validator=_is_name)
    patience: int = at_least_one(10)
    gamma: float = finite(0.1, low=0.0, high=1.0)
    floor: float = finite(0.0, low=0.0, high=1.0)
    threshold: float = finite(0.0, low=0.0)
    cooldown: int = at_least_zero(0)
    goal: str = one_of("min", "max", default="min")

    def factor(self, step: int) -> float:
        """1: the step multiplies by the state's scale."""
        return 1.0

    def plateau_at(self, step: int) -> Plateau:
        """Itself."""
        return self

    @property
    def reads(self) -> frozenset[str]:
        """Its metric."""
        return frozenset({self.metric})

    def observe(self, state: PlateauState, value: float) -> PlateauState:
        """The state after an epoch that ended with this value."""
        about = f"{self.goal} {self.metric}"
        state = (
            evolve(state, about=about) if state.about in ("", about) else PlateauState(scale=state.scale, about=about)
        )
        if self._is_better(value, state.best):
            return evolve(state, best=value, waited=0, resting=max(state.resting - 1, 0))
        if state.resting:
            return evolve(state, waited=0, resting=state.resting - 1)
        if state.waited + 1 < self.patience:
            return evolve(state, waited=state.waited + 1)
        lower = max(state.scale * self.gamma, min(self.floor, state.scale))
        return evolve(state, scale=lower, waited=0, resting=self.cooldown)

    def _is_better(self, value: float, best: float | None) -> bool:
        if math.isnan(value):
            return False
        if best is None:
            return True
        margin = self.threshold * abs(best) if math.isfinite(best) else 0.0  # a part of infinity is no margin
        return value < best - margin if self.goal == "min" else value > best + margin


plateau = Plateau
