"""One batch, as each side learns from it, or judges it: `loss = step(x, y)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, final

import torch
from flodl_core import ref
from flodl_nn import TrainStep
from torch import Tensor, nn
from torch.nn import functional

from flodl_bench.models.model import Model
from flodl_bench.sides import Side

Step = Callable[[Tensor, Tensor], Tensor]

_LOSSES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mse": functional.mse_loss,
    "cross_entropy": functional.cross_entropy,
}


def make_step(network: nn.Module, model: Model, side: Side) -> Step:
    """A side's step, for a network that is on its device already.

    What a `TrainStep` is told to do and cannot is an error here, never something else that is measured.
    """
    return _flodl_step(network, model, side) if side.flodl else PlainStep(network, model, side)


def make_judgement(network: nn.Module, model: Model, side: Side) -> Step:
    """A side's inference: the loss of a batch in evaluation mode, without gradients; nothing is learned.

    A model in words is a module like any other: it is called as the plain one is, unless that is captured.
    """
    if side.capture:
        return _flodl_step(network, model, side).evaluate
    return PlainStep(network.eval(), model, side).judge


def _flodl_step(network: nn.Module, model: Model, side: Side) -> TrainStep[..., Tensor]:
    return TrainStep(
        network,
        loss=model.loss,
        optimizer=ref("adam", lr=model.lr),
        precision=side.precision,
        capture="always" if side.capture else "never",
        compile=side.compile is not None,
    )


@final
class PlainStep:
    """The loop that everyone writes, with what PyTorch offers for speed where the side asks for it."""

    def __init__(self, network: nn.Module, model: Model, side: Side) -> None:
        if side.precision == "tf32":
            torch.backends.cuda.matmul.allow_tf32 = True
            torch.backends.cudnn.allow_tf32 = True
        self._network, self._loss = network, _LOSSES[model.loss]
        self._optimizer = torch.optim.Adam(network.parameters(), lr=model.lr, fused=side.fused or None)
        self._half = side.precision == "bf16"
        self._replays = side.compile == "reduce-overhead"
        self._objective: Callable[[Tensor, Tensor], Any] = self._forward
        if side.compile is not None:
            self._objective = torch.compile(self._forward, mode=side.compile, dynamic=False)

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """Learn from one batch."""
        if self._replays:
            torch.compiler.cudagraph_mark_step_begin()
        self._optimizer.zero_grad()
        with self._precision(x.device.type):
            loss = self._objective(x, y)
        loss.backward()
        self._optimizer.step()
        detached: Tensor = loss.detach()
        return detached

    @torch.no_grad()
    def judge(self, x: Tensor, y: Tensor) -> Tensor:
        """The loss of one batch."""
        if self._replays:
            torch.compiler.cudagraph_mark_step_begin()
        with self._precision(x.device.type):
            loss: Tensor = self._objective(x, y)
        return loss

    def _forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self._loss(self._network(x), y)

    def _precision(self, device: str) -> AbstractContextManager[Any]:
        return torch.autocast(device, dtype=torch.bfloat16) if self._half else nullcontext()
