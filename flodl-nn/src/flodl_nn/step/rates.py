"""The learning rate of each group: its own base, times the schedule's factor, times a plateau's scale."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any, final

from attrs import evolve
from flodl_core import Reference, TrainingError, components
from flodl_core.errors import did_you_mean
from torch import Tensor
from torch.optim import Optimizer

from flodl_nn.schedules.plateau import PlateauState
from flodl_nn.schedules.schedule import AbstractSchedule

BASE = "initial_lr"
"""Where a group keeps its base rate: torch's own schedulers use the same key."""


@final
class Rates:
    """Sets rates before each update. Without a schedule it never touches them.

    Args:
        schedule: A schedule, a reference to one, or None.
    """

    def __init__(self, schedule: Reference | None) -> None:
        made = None if schedule is None else components.create("scheduler", schedule)
        if made is not None and not isinstance(made, AbstractSchedule):
            raise TrainingError(
                f"a schedule is a function of the step, got a {type(made).__name__}",
                mend="warmup(500).then(cosine(9_500)); torch's own schedulers change optimizers behind the step's back",
            )
        self.schedule: AbstractSchedule | None = made
        self.plateau = PlateauState()
        self._told: set[str] = set()

    @property
    def reads(self) -> frozenset[str]:
        """The metrics that plateaus of the schedule read."""
        return frozenset() if self.schedule is None else self.schedule.reads

    def apply(self, optimizer: Optimizer, step: int) -> None:
        """Give every group its rate for the update number `step`."""
        if self.schedule is None:
            return
        for group in optimizer.param_groups:
            rate = self.rate(group, step)
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate

    def rate(self, group: dict[str, Any], step: int) -> float:
        """The rate of one group at a step."""
        if self.schedule is None:
            return float(group["lr"])
        base = float(group.setdefault(BASE, float(group["lr"])))  # a number: a rate that is a tensor changes in place
        return self.schedule.lr(step, base) * self.plateau.scale

    def end_epoch(self, metrics: Mapping[str, float], step: int, point: Callable[[str], int | None]) -> None:
        """Let a plateau rule that is in force read its metric; a name nobody recorded is said once.

        Args:
            point: Where a model keeps a metric: the epoch of its last point, which may have been read already.
        """
        rule = None if self.schedule is None else self.schedule.plateau_at(step)
        if rule is None:
            return
        if rule.metric in metrics:
            read = point(rule.metric)
            if read is None or read != self.plateau.read:
                self.plateau = evolve(rule.observe(self.plateau, float(metrics[rule.metric])), read=read)
        elif rule.metric not in self._told:
            self._told.add(rule.metric)
            hint = did_you_mean(rule.metric, metrics) or f"recorded: {', '.join(sorted(metrics)) or 'nothing'}"
            warnings.warn(
                f"{rule!r} reads {rule.metric!r}, which this epoch did not record; {hint}", UserWarning, stacklevel=5
            )
