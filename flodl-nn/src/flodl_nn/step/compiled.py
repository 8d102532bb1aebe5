"""An objective under torch.compile, and what becomes of it where that fails."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, final

import torch
from flodl_core import TrainingError
from flodl_core.tensor import RandomState
from torch import nn

from flodl_nn.step.carried import CarriedState


@final
class CompiledObjective:
    """`objective(model, *batch)`, compiled: fewer and larger kernels, under whatever records them.

    Where torch.compile fails, at the first batch, the objective runs as it is from then on; why is
    said once. A backward pass is compiled when it first runs, so it may fail later than its forward:
    then the batch is taken back, and again.

    Args:
        objective: What to compile.
    """

    def __init__(self, objective: Callable[..., Any]) -> None:
        self.plain = objective
        self._compiled = torch.compile(objective, dynamic=False)
        self._before: _Before | None = None
        self._learned = False
        self.reason: str | None = None

    def __call__(self, model: nn.Module, *batch: Any, **named: Any) -> Any:
        """The objective of one batch."""
        if self.reason is not None:
            return self.plain(model, *batch, **named)
        if torch.is_grad_enabled():
            self._before = None if self._learned else _Before(model)
            self._learned = True
        try:
            return self._compiled(model, *batch, **named)
        except Exception as error:
            self._give_up(error)
        return self.plain(model, *batch, **named)

    def take_back(self, error: Exception) -> None:
        """After a backward that failed: if the compiler is to blame, all is as before the forward, and uncompiled.

        Raises:
            Exception: The error itself, if it is none of the compiler's.
            TrainingError: It is, but not of the first batch: what the forward did is not known any more.
        """
        if self._before is None and _compilers(error):
            raise TrainingError(f"torch.compile failed in a backward: {_said(error)}", mend="compile=False") from error
        self._give_up(error)
        if self._before is not None:
            self._before.restore()

    def _give_up(self, error: Exception) -> None:
        if self.reason is not None or not _compilers(error):
            raise error
        self.reason = f"torch.compile failed, {_said(error)}"
        warnings.warn(f"the objective runs uncompiled: {self.reason}", UserWarning, stacklevel=3)


@final
class _Before:
    """What a forward changes, as it was."""

    def __init__(self, model: nn.Module) -> None:
        self._buffers = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]
        self._random, self._carried = RandomState.capture(), CarriedState(model)

    def restore(self) -> None:
        """Put it back."""
        for buffer, value in self._buffers:
            buffer.detach().copy_(value)
        self._random.restore()
        self._carried.restore()


def _compilers(error: Exception) -> bool:
    from torch._dynamo.exc import TorchDynamoException  # heavy, and only where something is compiled

    return isinstance(error, TorchDynamoException)


def _said(error: Exception) -> str:
    """Its kind and what it says first; "backend raised:" says nothing yet."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = " ".join(lines[: 2 if lines and lines[0].endswith(":") else 1])
    return f"{type(error).__name__}: {said}"
