"""Where a token stands, added to what it is."""

from __future__ import annotations

import math
from typing import final

import torch
from flodl_core import ComponentError, ShapeError
from torch import Tensor, nn


@final
class LearnedPositions(nn.Module):
    """A learned vector for each place, added to the token there.

    Shapes: x [B, T, dim] with T <= length -> the same.

    Args:
        dim: Size of a token.
        length: Places there are.

    Raises:
        ComponentError: A size below 1.

    >>> LearnedPositions(8, length=16)(torch.ones(1, 5, 8)).shape
    torch.Size([1, 5, 8])
    """

    def __init__(self, dim: int, length: int) -> None:
        super().__init__()
        if dim < 1 or length < 1:
            raise ComponentError(f"sizes are at least 1, got dim={dim}, length={length}")
        self.weight = nn.Parameter(torch.empty(length, dim))
        nn.init.normal_(self.weight, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        """Add them.

        Raises:
            ShapeError: More tokens than places, or tokens of another size.
        """
        length, dim = self.weight.shape
        if x.dim() < 2 or x.shape[-1] != dim or x.shape[-2] > length:
            raise ShapeError(f"positions are for [..., up to {length} tokens, {dim}], got {list(x.shape)}")
        return x + self.weight[: x.shape[-2]]

    def extra_repr(self) -> str:
        """For `print(model)`."""
        return f"{self.weight.shape[1]}, length={self.weight.shape[0]}"


@final
class SinusoidalPositions(nn.Module):
    """Sines and cosines of each place, in waves of growing length, added to the token there.

    Nothing is learned, and any length will do. Computed in float32, whatever the dtype of `x`.

    Shapes: x [B, T, dim] -> the same.

    Args:
        dim: Size of a token; even.
        base: The longest wave is `2 pi base` tokens.

    Raises:
        ComponentError: `dim` is not even, or `base` not positive.

    Source:
        Vaswani et al. 2017, "Attention Is All You Need", section 3.5.

    >>> SinusoidalPositions(4)(torch.zeros(1, 2, 4))[0, 0]
    tensor([0., 1., 0., 1.])
    """

    def __init__(self, dim: int, base: float = 10_000.0) -> None:
        super().__init__()
        if dim < 2 or dim % 2:
            raise ComponentError(f"sines and cosines come in pairs: dim is even, got {dim}")
        if not 0.0 < base < math.inf:
            raise ComponentError(f"base is a number > 0, got {base}")
        self.dim, self.base = dim, base

    def forward(self, x: Tensor) -> Tensor:
        """Add them.

        Raises:
            ShapeError: Tokens of another size.
        """
        if x.dim() < 2 or x.shape[-1] != self.dim:
            raise ShapeError(f"positions are for [..., tokens, {self.dim}], got {list(x.shape)}")
        exponents = torch.arange(0, self.dim, 2, device=x.device, dtype=torch.float32) / self.dim
        places = torch.arange(x.shape[-2], device=x.device, dtype=torch.float32)
        angles = torch.outer(places, self.base**-exponents)  # [T, dim / 2]
        return x + torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2).to(x.dtype)

    def extra_repr(self) -> str:
        """For `print(model)`."""
        return f"{self.dim}, base={self.base:g}"
