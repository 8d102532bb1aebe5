"""Parameters in another precision, for good."""

from __future__ import annotations

import torch
from flodl_core import TrainingError
from flodl_core.errors import FlodlError, join_errors
from flodl_core.paths import select_parameters
from flodl_core.tensor import pick_dtype
from torch import nn


def cast_parameters(module: nn.Module, dtype: torch.dtype | str, pattern: str = "*") -> list[str]:
    """Cast the parameters that a pattern names, in place; optimizers keep holding them.

    A gradient that is there is cast too. Weights below float32 lose small updates: to train in half
    precision, `TrainStep(precision="bf16")` keeps them whole.

    Args:
        module: Whose parameters are cast.
        dtype: A floating dtype, or its name: `"bf16"`.
        pattern: Path, parameter name or glob.

    Returns:
        The names of those that changed.

    Raises:
        PathError: The pattern names nothing.
        TensorError: There is no such dtype.
        TrainingError: The dtype is not floating, or a parameter is not. Nothing has changed then.

    >>> net = nn.Linear(2, 2)
    >>> cast_parameters(net, "bf16", "*.weight"), net.bias.dtype
    (['weight'], torch.float32)
    """
    dtype = pick_dtype(dtype)
    if not dtype.is_floating_point:
        raise TrainingError(f"parameters are cast to a floating dtype, got {dtype}")
    chosen = select_parameters(module, pattern)
    refused: list[FlodlError] = [
        TrainingError(f"parameter {name!r} is {parameter.dtype} and cannot become {dtype}")
        for name, parameter in chosen.items()
        if not parameter.is_floating_point()
    ]
    if refused:
        raise join_errors(refused)
    changed = [name for name, parameter in chosen.items() if parameter.dtype != dtype]
    for name in changed:
        parameter = chosen[name]
        gradient, parameter.grad = parameter.grad, None
        parameter.data = parameter.data.to(dtype)
        parameter.grad = None if gradient is None else gradient.to(dtype)
    return changed
