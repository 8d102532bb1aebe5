"""How a loss per item becomes one number."""

from __future__ import annotations

from typing import Literal, TypeAlias

from flodl_core import ComponentError
from torch import Tensor

Reduction: TypeAlias = Literal["mean", "sum", "none"]


def check_reduction(word: str) -> Reduction:
    """The word, if it is one.

    Raises:
        ComponentError: It is none.
    """
    if word not in ("mean", "sum", "none"):
        raise ComponentError(f"reduction is 'mean', 'sum' or 'none', got {word!r}")
    return word  # type: ignore[return-value]  # just checked


def reduce(values: Tensor, reduction: Reduction) -> Tensor:
    """The mean or the sum of all values, or all of them.

    >>> import torch
    >>> reduce(torch.tensor([1.0, 3.0]), "mean")
    tensor(2.)
    """
    if reduction == "none":
        return values
    return values.mean() if reduction == "mean" else values.sum()
