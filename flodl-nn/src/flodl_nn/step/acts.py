"""What the actions of rules do to a step: freeze, thaw, rates, stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

from flodl_core.freezing import Moments, Stats, freeze, thaw
from flodl_core.paths import matches, resolved
from torch import Tensor, nn

from flodl_nn.step.parts import TrainedParts
from flodl_nn.step.rates import BASE


@final
class Acts:
    """A step as rules see it. Parts that freeze or thaw leave or join the optimizer at the next step."""

    def __init__(self, model: nn.Module, parts: TrainedParts, stop: Callable[[], None]) -> None:
        self._model, self._parts, self._stop = model, parts, stop
        self.wants_save = False

    def freeze(self, path: str, stats: Stats) -> None:
        """Take a part out of training."""
        freeze(self._model, path, stats=stats)

    def thaw(self, path: str, moments: Moments) -> None:
        """Take a part into training again, with the optimizer state it left with, or with none."""
        thaw(self._model, path, moments=moments)

    def scale_lr(self, factor: float, path: str) -> None:
        """Multiply the rates of all groups under a path; a schedule goes on from the new ones."""
        path = resolved(self._model, path)
        for group, (_, names) in zip(self._parts.optimizer.param_groups, self._parts.groups(), strict=True):
            if names and all(matches(name, path) for name in names):
                _scale(group, factor)

    def stop(self) -> None:
        """Let training end with this epoch."""
        self._stop()

    def save(self) -> None:
        """Let the run be saved when all rules have been asked."""
        self.wants_save = True


def _scale(group: dict[str, Any], factor: float) -> None:
    """The rate now, and the base that a schedule multiplies."""
    if isinstance(group["lr"], Tensor):
        group["lr"].mul_(factor)
    else:
        group["lr"] *= factor
    if BASE in group:
        group[BASE] *= factor
