"""What the actions of rules do to a step: freeze, thaw, rates, stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

from flodl_core.freezing import Moments, Stats, freeze, thaw
from flodl_core.paths import select_parameters
from torch import nn

from flodl_nn.step.parts import TrainedParts
from flodl_nn.step.rates import BASE


@final
class Acts:
    """A step as rules see it. Parts that freeze or thaw leave or join the optimizer at the next step."""

    def __init__(self, model: nn.Module, parts: TrainedParts, stop: Callable[[], None]) -> None:
        self._model, self._parts, self._stop = model, parts, stop
        self.wants_save = False

    def check(self, path: str) -> None:
        """Whether a path names a part. Raises PathError where it does not."""
        select_parameters(self._model, path)

    def freeze(self, path: str, stats: Stats) -> None:
        """Take a part out of training."""
        freeze(self._model, path, stats=stats)

    def thaw(self, path: str, moments: Moments) -> None:
        """Take a part into training again, with the optimizer state it left with, or with none."""
        thaw(self._model, path, moments=moments)

    def scale_lr(self, factor: float, path: str) -> None:
        """Multiply the rates of all groups under a path; a schedule goes on from the new ones."""
        for group, covered in zip(
            self._parts.optimizer.param_groups, covers(self._model, self._parts, path), strict=True
        ):
            if covered == 1.0:
                _scale(group, factor)

    def stop(self) -> None:
        """Let training end with this epoch."""
        self._stop()

    def save(self) -> None:
        """Let the run be saved when all rules have been asked."""
        self.wants_save = True


def covers(model: nn.Module, parts: TrainedParts, path: str) -> list[float]:
    """How much of each group a path names, from 0 to 1; the empty path is all of all.

    By parameter, not by name: a shared one goes by its first name in a group, and is named by each of its paths.

    Raises:
        PathError: The path names nothing.
    """
    named = {id(parameter) for parameter in select_parameters(model, path).values()}
    groups = [[id(parts.named[name]) in named for name in names] for _, names in parts.groups()]
    return [1.0 if not path else sum(group) / len(group) if group else 0.0 for group in groups]


def _scale(group: dict[str, Any], factor: float) -> None:
    """The rate now, and the base that a schedule multiplies.

    Not in place: torch gives all groups of an optimizer the same tensor, where the rate is one.
    """
    group["lr"] = group["lr"] * factor
    if BASE in group:
        group[BASE] = group[BASE] * factor
