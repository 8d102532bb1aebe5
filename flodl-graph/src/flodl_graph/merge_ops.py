"""Ways to join branches. Each is made by its factory and called with the branches, in order."""

from __future__ import annotations

from functools import reduce
from typing import final

import torch
from torch import Tensor, nn


@final
class Add(nn.Module):
    """Sum of the branches. Shapes: all broadcast together."""

    def forward(self, *values: Tensor) -> Tensor:
        """Left to right, so that the result is reproducible to the bit."""
        return reduce(torch.add, values)


@final
class Mean(nn.Module):
    """Mean of the branches. Shapes: all broadcast together."""

    def forward(self, *values: Tensor) -> Tensor:
        """The sum, left to right, over the number of branches."""
        return reduce(torch.add, values) / len(values)


@final
class Mul(nn.Module):
    """Product of the branches. Shapes: all broadcast together."""

    def forward(self, *values: Tensor) -> Tensor:
        """Left to right."""
        return reduce(torch.mul, values)


@final
class Max(nn.Module):
    """Largest of the branches, element by element. Shapes: all broadcast together."""

    def forward(self, *values: Tensor) -> Tensor:
        """Left to right; equal values share the gradient, as in `torch.maximum`."""
        return reduce(torch.maximum, values)


@final
class Min(nn.Module):
    """Smallest of the branches, element by element. Shapes: all broadcast together."""

    def forward(self, *values: Tensor) -> Tensor:
        """Left to right; equal values share the gradient, as in `torch.minimum`."""
        return reduce(torch.minimum, values)


@final
class Cat(nn.Module):
    """Branches one after another. Shapes: equal but for `dim`.

    Args:
        dim: Dimension to join along.
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, *values: Tensor) -> Tensor:
        """In the order of the branches."""
        return torch.cat(values, self.dim)

    def extra_repr(self) -> str:
        """Shown by `print(model)`."""
        return f"dim={self.dim}"


@final
class Stack(nn.Module):
    """Branches along a new dimension. Shapes: all equal.

    Args:
        dim: Where the new dimension goes.
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, *values: Tensor) -> Tensor:
        """In the order of the branches."""
        return torch.stack(values, self.dim)

    def extra_repr(self) -> str:
        """Shown by `print(model)`."""
        return f"dim={self.dim}"
