"""What the actions of rules do to a step: freeze, thaw, rates, stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, final

from flodl_core.paths import matches, select_parameters
from torch import Tensor, nn

from flodl_nn.step.parts import TrainedParts
from flodl_nn.step.rates import BASE


@final
class Acts:
    """A step as rules see it. Parts that freeze or thaw leave or join the optimizer at the next step.

    A module that is no Graph freezes as in PyTorch: gradients stop, running statistics go on.
    """

    def __init__(self, model: nn.Module, parts: TrainedParts, stop: Callable[[], None]) -> None:
        self._model, self._parts, self._stop = model, parts, stop
        self._graph: Any = model if callable(getattr(model, "is_frozen", None)) else None
        self.wants_save = False

    def freeze(self, path: str, stats: Literal["hold", "track"]) -> None:
        """Take a part out of training."""
        if self._graph is not None:
            self._graph.freeze(path, stats=stats)
        else:
            self._let_train(path, False)

    def thaw(self, path: str, moments: Literal["keep", "reset"]) -> None:
        """Take a part into training again, with the optimizer state it left with, or with none."""
        if self._graph is not None:
            self._graph.thaw(path)
        else:
            self._let_train(path, True)
        if moments == "reset":
            self._parts.forget(select_parameters(self._model, path).values())

    def scale_lr(self, factor: float, path: str) -> None:
        """Multiply the rates of all groups under a path; a schedule goes on from the new ones."""
        for group, (_, names) in zip(self._parts.optimizer.param_groups, self._parts.groups(), strict=True):
            if names and all(matches(name, path) for name in names):
                _scale(group, factor)

    def stop(self) -> None:
        """Let training end with this epoch."""
        self._stop()

    def save(self) -> None:
        """Let the run be saved when all rules have been asked."""
        self.wants_save = True

    def _let_train(self, path: str, trains: bool) -> None:
        for parameter in select_parameters(self._model, path).values():
            parameter.requires_grad_(trains)


def _scale(group: dict[str, Any], factor: float) -> None:
    """The rate now, and the base that a schedule multiplies."""
    if isinstance(group["lr"], Tensor):
        group["lr"].mul_(factor)
    else:
        group["lr"] *= factor
    if BASE in group:
        group[BASE] *= factor
