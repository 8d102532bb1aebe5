"""From losses to an update: the accumulation window, the loss scale, clipping, the optimizer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, final

import torch
from flodl_core import TrainingError
from flodl_core.autograd import clip_grad_norm
from flodl_core.capture import tried_again
from torch import Tensor

from flodl_nn.step.device_rates import DeviceRates, make_capturable, why_not_recorded
from flodl_nn.step.loss_scale import apply_scaled, make_scaler, scale_tensors, takes_scale
from flodl_nn.step.parts import TrainedParts
from flodl_nn.step.rates import Rates
from flodl_nn.step.recorders import RECORDERS
from flodl_nn.step.sparse import sparse_explained


@final
class Update:
    """One optimizer update from a window of losses. Reads nothing back from the device.

    (One exception: with `fp16` an optimizer without a fused kernel makes torch's scaler look
    whether a gradient overflowed.)

    What works on tensors (`gradients`, `apply`) can be recorded; what counts on the host (`prepare`,
    `count`) is apart from it.

    Args:
        parts: Whose gradients are taken, and the optimizer.
        rates: Set before each update.
        clip_norm: Bound on the joint norm of the gradients; None: no clipping.
        accumulate: Losses per update; the update follows their mean.
        scales_loss: Use a dynamic loss scale.

    Raises:
        TrainingError: A loss scale is wanted for weights that are halves themselves.
    """

    def __init__(
        self, parts: TrainedParts, rates: Rates, *, clip_norm: float | None, accumulate: int, scales_loss: bool
    ) -> None:
        self._parts, self._rates = parts, rates
        self._clip_norm, self.accumulate = clip_norm, accumulate
        self.scaler = make_scaler(parts.named) if scales_loss else None
        self.steps = 0
        self.pending = 0
        self.broken = False
        self._device_rates: DeviceRates | None = None
        self.make_room: Callable[[], None] | None = None
        """Called once, before the next update: the state that an optimizer makes then, in the middle of memory
        that the batch left, would keep all of that from ever going back."""
        self.adapt()

    @property
    def accumulates(self) -> bool:
        """Do gradients last from one loss to the next?"""
        return self.accumulate > 1

    @property
    def opens(self) -> bool:
        """Is the next loss the first of its window?"""
        return self.pending == 0

    @property
    def closes(self) -> bool:
        """Is the next loss the last of its window?"""
        return self.pending + 1 == self.accumulate

    def adapt(self) -> None:
        """Have the optimizer compute as it would be recorded, recorded or not: the same bits."""
        recordable = all(p.device.type in RECORDERS for p in self._parts.trained or [self._parts.first])
        if recordable and why_not_recorded(self._parts.optimizer) is None:
            make_capturable(self._parts.optimizer)
            self._device_rates = self._device_rates or DeviceRates()
        else:
            self._device_rates = None

    def why_apart(self) -> str | None:
        """Why the optimizer runs apart from a recording; None: it can be recorded."""
        reason = why_not_recorded(self._parts.optimizer)
        if reason is None and self.scaler is not None and not takes_scale(self._parts.optimizer):
            return "torch's loss scaler looks at an optimizer without a fused kernel"
        return reason

    def prepare(self) -> None:
        """Before a window closes: the rates of its update."""
        self._rates.apply(self._parts.optimizer, self.steps)
        if self._device_rates is not None:
            self._device_rates.fill(self._parts.optimizer, self._parts.first.device)

    def gradients(self, loss: Tensor) -> None:
        """Add a loss to the window: gradients of the trained parameters alone."""
        if self.accumulate > 1:
            loss = loss / self.accumulate
        self._backward(loss if self.scaler is None else self.scaler.scale(loss))

    def apply(self) -> None:
        """Clip and update from the window's gradients."""
        self.broken = True
        if self.make_room is not None:
            self.make_room()
            self.make_room = None
        dense = type(self._parts.optimizer).__name__ if self._clip_norm is None else "clip_norm"
        with self._rates_lent(), sparse_explained(self._parts.named, dense):
            if self.scaler is None:
                self._clip()
                self._parts.optimizer.step()
            else:
                apply_scaled(self.scaler, self._parts.optimizer, self._clip)
        self.broken = False

    def count(self, *, closed: bool) -> None:
        """After a loss: go on in the window, or begin another."""
        self.pending = 0 if closed else self.pending + 1
        self.steps += closed

    def abandon(self) -> None:
        """After a backward or an update that failed: a window half done is no window."""
        if self.broken:
            self.drop_gradients()
            self.pending, self.broken = 0, False

    def close(self) -> None:
        """Update from a window that is not full, by the mean of the losses it has. Where all is frozen, nothing."""
        if self.pending == 0 or not self._parts.trained:
            self.pending = 0
            return
        missing = self.accumulate / self.pending
        for parameter in self._parts.trained:
            if parameter.grad is not None:
                parameter.grad.mul_(missing)
        self.prepare()
        try:
            self.apply()
        except BaseException:
            self.abandon()
            raise
        self.count(closed=True)

    def search(self, evaluate: Callable[[], Tensor]) -> None:
        """An update by an optimizer that evaluates the loss itself, several times (LBFGS)."""

        def closure() -> float:
            self.drop_gradients()
            loss = evaluate()
            self._backward(loss)
            self._clip()
            return float(loss.detach())

        self._rates.apply(self._parts.optimizer, self.steps)
        self._parts.optimizer.step(closure)
        self.steps += 1

    def drop_gradients(self) -> None:
        """Before the first loss of a window."""
        held = [parameter.grad for parameter in self._parts.trained if parameter.grad is not None]
        if held and tried_again():
            torch._foreach_zero_(held)
            return
        for parameter in self._parts.trained:
            parameter.grad = None

    def window(self) -> dict[str, Any]:
        """What an open window holds, by name, to save."""
        return {name: p.grad for name, p in self._parts.named.items() if self.pending and p.grad is not None}

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor that an update changes besides the parameters, by name."""
        found: dict[str, Tensor] = {}
        for name, parameter in self._parts.named.items():
            entry = self._parts.optimizer.state.get(parameter, {})
            found |= {f"{key} of {name}": value for key, value in entry.items() if isinstance(value, Tensor)}
        return found | scale_tensors(self.scaler)

    def _backward(self, loss: Tensor) -> None:
        self.broken = True
        trained = self._parts.trained
        try:
            torch.autograd.backward(loss, inputs=trained)
        except RuntimeError as error:
            if all(parameter.requires_grad for parameter in trained):
                raise
            told = "the objective froze a part that is being trained"
            raise TrainingError(told, mend="freeze between two steps") from error
        if trained[0].grad is None and all(parameter.grad is None for parameter in trained):
            raise TrainingError(
                "the loss depends on no parameter that is being trained",
                mend="does the objective use the model that the step was given?",
            )
        self.broken = False

    def _rates_lent(self) -> AbstractContextManager[None]:
        return nullcontext() if self._device_rates is None else self._device_rates.lent(self._parts.optimizer)

    def _clip(self) -> None:
        if self._clip_norm is not None:
            clip_grad_norm(self._parts.trained, self._clip_norm)
