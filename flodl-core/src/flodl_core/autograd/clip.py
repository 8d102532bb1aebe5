"""Gradient clipping that never waits for the device."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from flodl_core.errors import TrainingError

Parameters: TypeAlias = nn.Module | Tensor | Iterable[Tensor]
"""A model, its parameters, or one of them."""


def clip_grad_norm(parameters: Parameters, max_norm: float, norm_type: float = 2.0) -> Tensor:
    """Scale all gradients together so that their joint norm is at most `max_norm`.

    The norm and the factor stay on the device: no host sync. Frozen parameters and those without
    a gradient do not count. Gradients within the bound keep their bits.

    Args:
        parameters: A model, its parameters, or one of them.
        max_norm: The bound; must be > 0.
        norm_type: The p of the norm; `math.inf` for the largest magnitude.

    Returns:
        The norm before clipping, 0-d, on the device of the gradients.

    Raises:
        TrainingError: `max_norm` is not a positive number, or something else than parameters was given.

    >>> p = nn.Parameter(torch.zeros(2)); p.grad = torch.tensor([3.0, 4.0])
    >>> clip_grad_norm([p], 1.0), p.grad
    (tensor(5.), tensor([0.6000, 0.8000]))
    """
    _check_bound("clip_grad_norm()", "max_norm", max_norm)
    held = _with_gradient(parameters)
    with torch.no_grad():
        total = get_total_norm([p.grad for p in held if p.grad is not None], norm_type)
        clip_grads_with_norm_(held, max_norm, total)
    return total


def clip_grad_value(parameters: Parameters, max_value: float) -> Tensor:
    """Clamp every element of every gradient to `[-max_value, max_value]`.

    Returns:
        The largest magnitude before clipping, 0-d, on the device of the gradients: no host sync.

    Raises:
        TrainingError: `max_value` is not a positive number, or something else than parameters was given.

    >>> p = nn.Parameter(torch.zeros(2)); p.grad = torch.tensor([3.0, -0.5])
    >>> clip_grad_value([p], 1.0), p.grad
    (tensor(3.), tensor([ 1.0000, -0.5000]))
    """
    _check_bound("clip_grad_value()", "max_value", max_value)
    held = _with_gradient(parameters)
    with torch.no_grad():
        gradients = [p.grad for p in held if p.grad is not None]
        largest = get_total_norm(gradients, torch.inf)
        if gradients:  # torch's cannot take none
            nn.utils.clip_grad_value_(held, max_value)
    return largest


def _with_gradient(parameters: Parameters) -> list[Tensor]:
    each: Iterable[Tensor]
    if isinstance(parameters, nn.Module):
        each = parameters.parameters()
    else:  # a tensor is an iterable of its rows, which hold no gradient
        each = [parameters] if isinstance(parameters, Tensor) else parameters
    held = list(each)
    for p in held:
        if not isinstance(p, Tensor):
            raise TrainingError(
                f"gradients of parameters are clipped, got a {type(p).__name__}", mend="model.parameters()"
            )
    return [p for p in held if p.requires_grad and p.grad is not None]


def _check_bound(what: str, name: str, value: Any) -> None:
    try:
        above = value > 0
    except TypeError:
        above = False
    if not above:
        raise TrainingError(f"{what} needs {name} > 0, got {value!r}", mend="leave clipping out to train without")
