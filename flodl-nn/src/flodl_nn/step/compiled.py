"""An objective under torch.compile, and what becomes of it where that fails."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, final

import torch
from torch import nn


@final
class CompiledObjective:
    """`objective(model, *batch)`, compiled: fewer and larger kernels, under whatever records them.

    Where torch.compile fails, at the first batch, the objective runs as it is from then on; why is
    said once.

    Args:
        objective: What to compile.
    """

    def __init__(self, objective: Callable[..., Any]) -> None:
        self._objective = objective
        self._compiled = torch.compile(objective, dynamic=False)
        self.reason: str | None = None

    def __call__(self, model: nn.Module, *batch: Any, **named: Any) -> Any:
        """The objective of one batch."""
        if self.reason is not None:
            return self._objective(model, *batch, **named)
        from torch._dynamo.exc import TorchDynamoException  # heavy, and only where something is compiled

        try:
            return self._compiled(model, *batch, **named)
        except TorchDynamoException as error:
            first = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
            self.reason = f"torch.compile failed, {type(error).__name__}: {first.strip()}"
            warnings.warn(f"the objective runs uncompiled: {self.reason}", UserWarning, stacklevel=2)
        return self._objective(model, *batch, **named)
