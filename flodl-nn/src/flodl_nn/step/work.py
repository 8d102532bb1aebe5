"""What a training step does to one batch, recorded or not."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, final

from torch import Tensor, nn

from flodl_nn.step.carried import CarriedState
from flodl_nn.step.compiled import CompiledObjective
from flodl_nn.step.misfit import misfit
from flodl_nn.step.objective import LossObjective, check_loss, detached
from flodl_nn.step.offers import evaluation, offered
from flodl_nn.step.parts import TrainedParts
from flodl_nn.step.passes import gathered
from flodl_nn.step.precision import Precision
from flodl_nn.step.update import Update


@final
class Window(Enum):
    """What becomes of a window with a loss; recordings differ by it, and reports tell what is not usual."""

    CLOSES = ""
    STAYS_OPEN = "(without update)"

    def __repr__(self) -> str:
        return self.value


@final
class Work:
    """The functions of tensors that a step consists of; what counts on the host is elsewhere.

    Args:
        model: What the objective is given.
        objective: `objective(model, *batch)`.
        precision: Of the forward and the loss.
        parts: What is trained.
        update: What becomes of a loss.
    """

    def __init__(
        self,
        model: nn.Module,
        objective: Callable[..., Any],
        precision: Precision,
        parts: TrainedParts,
        update: Update,
    ) -> None:
        self._model, self.objective, self._precision = model, objective, precision
        self._parts, self._update = parts, update
        self._short = isinstance(getattr(objective, "plain", objective), LossObjective)  # it takes batches as they are

    def opening(self, window: Window, *batch: Any, **named: Any) -> Any:
        """The first loss of a window, with the update if it also closes it."""
        self._update.drop_gradients()
        return self.adding(window, *batch, **named)

    def adding(self, window: Window, *batch: Any, **named: Any) -> Any:
        """A loss, its gradients, and the update if the window closes."""
        try:
            kept = self._differentiated(*batch, **named)
        except Exception as error:
            if not isinstance(self.objective, CompiledObjective):
                raise
            self.objective.take_back(error)
            kept = self._differentiated(*batch, **named)
        if window is Window.CLOSES:
            self._update.apply()
        offered(self._model, "detach_state")
        return kept

    def judging(self, *batch: Any, **named: Any) -> Any:
        """The objective without learning."""
        with evaluation(self._model):
            return detached(self._forward(*batch, **named))

    def searching(self, *batch: Any, **named: Any) -> Any:
        """The update of an optimizer that evaluates the loss itself, as often as it wants."""
        first: list[Any] = []
        carried = CarriedState(self._model)

        def evaluate() -> Tensor:
            if first:  # from where the step began: what the last evaluation carried on has gradients, and is used up
                offered(self._model, "detach_state")
                carried.restore()
            result = self._forward(*batch, **named)
            if not first:
                first.append(detached(result))
            return check_loss(result)

        self._update.search(evaluate)
        offered(self._model, "detach_state")
        return first[0]

    def why_uncompiled(self) -> str | None:
        """Why an objective that was to be compiled is not."""
        return self.objective.reason if isinstance(self.objective, CompiledObjective) else None

    def _forward(self, *batch: Any, **named: Any) -> Any:
        batch = gathered(batch)
        try:
            with self._precision.around_forward(self._parts.first):
                return self.objective(self._model, *batch, **named)
        except (RuntimeError, TypeError) as error:
            told = misfit(self._model, batch) if self._short else None
            if told is None:
                raise
            raise told from error

    def _differentiated(self, *batch: Any, **named: Any) -> Any:
        result = self._forward(*batch, **named)
        loss = check_loss(result)
        kept = detached(result)  # before the update: a part of it may be a weight
        self._update.gradients(loss)
        return kept
