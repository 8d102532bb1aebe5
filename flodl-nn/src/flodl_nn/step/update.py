"""From losses to an update: the accumulation window, the loss scale, clipping, the optimizer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import torch
from flodl_core import TrainingError
from flodl_core.autograd import clip_grad_norm
from torch import Tensor

from flodl_nn.step.parts import TrainedParts
from flodl_nn.step.rates import Rates


@final
class Update:
    """One optimizer update from a window of losses. Reads nothing back from the device.

    (One exception: with `fp16` an optimizer without a fused kernel makes torch's scaler look
    whether a gradient overflowed.)

    Args:
        parts: Whose gradients are taken, and the optimizer.
        rates: Set before each update.
        clip_norm: Bound on the joint norm of the gradients; None: no clipping.
        accumulate: Losses per update; the update follows their mean.
        scales_loss: Use a dynamic loss scale.
    """

    def __init__(
        self, parts: TrainedParts, rates: Rates, *, clip_norm: float | None, accumulate: int, scales_loss: bool
    ) -> None:
        self._parts, self._rates = parts, rates
        self._clip_norm, self._accumulate = clip_norm, accumulate
        self.scaler = torch.amp.GradScaler(parts.trained[0].device.type) if scales_loss else None
        self.steps = 0
        self.pending = 0

    def begin(self) -> None:
        """Before a forward: the first of a window starts without gradients."""
        if self.pending == 0:
            self._drop_gradients()

    def learn(self, loss: Tensor) -> None:
        """Add a loss to the window; close the window when it is full."""
        if self._accumulate > 1:
            loss = loss / self._accumulate
        self._backward(loss if self.scaler is None else self.scaler.scale(loss))
        self.pending += 1
        if self.pending == self._accumulate:
            self._apply()

    def close(self) -> None:
        """Update from a window that is not full, by the mean of the losses it has."""
        if self.pending == 0:
            return
        missing = self._accumulate / self.pending
        for parameter in self._parts.trained:
            if parameter.grad is not None:
                parameter.grad.mul_(missing)
        self._apply()

    def search(self, evaluate: Callable[[], Tensor]) -> None:
        """An update by an optimizer that evaluates the loss itself, several times (LBFGS)."""

        def closure() -> float:
            self._drop_gradients()
            loss = evaluate()
            self._backward(loss)
            self._clip()
            return float(loss.detach())

        self._rates.apply(self._parts.optimizer, self.steps)
        self._parts.optimizer.step(closure)
        self.steps += 1

    def _backward(self, loss: Tensor) -> None:
        """Gradients of the trained parameters alone: what else the loss depends on stays untouched."""
        try:
            torch.autograd.backward(loss, inputs=self._parts.trained)
        except BaseException:  # a window half done is no window
            self._drop_gradients()
            self.pending = 0
            raise
        if all(parameter.grad is None for parameter in self._parts.trained):
            raise TrainingError(
                "the loss depends on no parameter that is being trained",
                mend="does the objective use the model that the step was given?",
            )

    def _apply(self) -> None:
        optimizer = self._parts.optimizer
        self._rates.apply(optimizer, self.steps)
        if self.scaler is None:
            self._clip()
            optimizer.step()
        else:
            self.scaler.unscale_(optimizer)
            self._clip()
            self.scaler.step(optimizer)
            self.scaler.update()
        self.steps += 1
        self.pending = 0

    def _clip(self) -> None:
        if self._clip_norm is not None:
            clip_grad_norm(self._parts.trained, self._clip_norm)

    def _drop_gradients(self) -> None:
        for parameter in self._parts.trained:
            parameter.grad = None

    def window(self) -> dict[str, Any]:
        """What an open window holds, by name, to save."""
        return {name: p.grad for name, p in self._parts.named.items() if self.pending and p.grad is not None}
