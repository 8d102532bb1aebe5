"""Which state is the best one, by a metric."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TypeVar, final

from attrs import field, frozen

from flodl_core.errors import CheckpointError, did_you_mean

T = TypeVar("T")


def _is_goal(best: object, attribute: object, goal: str) -> None:
    if goal not in ("min", "max"):
        raise CheckpointError(f'a goal is "min" or "max", got {goal!r}')


@final
@frozen
class Best:
    """The least, or the greatest, of a metric."""

    metric: str
    goal: str = field(default="min", validator=_is_goal)

    def missed(self, metrics: Mapping[str, float]) -> str | None:
        """What to say where an epoch has not recorded the metric; None where it has."""
        if self.metric in metrics:
            return None
        hint = did_you_mean(self.metric, metrics) or f"recorded: {', '.join(sorted(metrics)) or 'nothing'}"
        return f"keep_best={self.metric!r}: this epoch did not record it; {hint}"

    def among(self, candidates: Iterable[tuple[T, Mapping[str, float]]]) -> T | None:
        """The best of those that have the metric; of equal ones the first. NaN is never best.

        >>> Best("loss").among([("a", {"loss": 2.0}), ("b", {"loss": 1.0}), ("c", {}), ("d", {"loss": math.nan})])
        'b'
        """
        sign = 1.0 if self.goal == "min" else -1.0
        known = [(sign * metrics[self.metric], one) for one, metrics in candidates if self.metric in metrics]
        known = [(value, one) for value, one in known if not math.isnan(value)]
        return min(known, key=lambda pair: pair[0])[1] if known else None
