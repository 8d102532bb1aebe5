"""Rotary position embedding: places as angles."""

from __future__ import annotations

import math
from typing import final

import torch
from flodl_core import ComponentError, ShapeError
from torch import Tensor, nn


@final
class RotaryEmbedding(nn.Module):
    """Turn each pair of values by an angle that grows with the place of the token.

    The product of a turned query and a turned key then depends on how far apart they are, not on
    where they stand. Angles are computed in float32, whatever the dtype of `x`.

    Shapes: x [..., T, dim] -> the same.

    Args:
        dim: Size of a head; even.
        base: The longest wave is `2 pi base` tokens.
        interleaved: Pairs are neighbours (the paper); default: value i with value i + dim/2 (GPT-NeoX,
            Llama).

    Raises:
        ComponentError: `dim` is not even, or `base` not positive.

    Source:
        Su et al. 2021, "RoFormer: Enhanced Transformer with Rotary Position Embedding".

    >>> RotaryEmbedding(4)(torch.ones(1, 3, 4))[0, 0]
    tensor([1., 1., 1., 1.])
    """

    def __init__(self, dim: int, base: float = 10_000.0, *, interleaved: bool = False) -> None:
        super().__init__()
        if dim < 2 or dim % 2:
            raise ComponentError(f"a rotary embedding turns pairs: dim is even, got {dim}")
        if not 0.0 < base < math.inf:
            raise ComponentError(f"base is a number > 0, got {base}")
        self.dim, self.base, self.interleaved = dim, base, interleaved

    def forward(self, x: Tensor, offset: int = 0) -> Tensor:
        """Turn the tokens of `x`, the first of which stands at place `offset`.

        Raises:
            ShapeError: The last dimension is not `dim`.
        """
        if x.dim() < 2 or x.shape[-1] != self.dim:
            raise ShapeError(f"a rotary embedding takes [..., tokens, {self.dim}], got {list(x.shape)}")
        angles = self._angles(x.shape[-2], offset, x.device)  # [T, dim / 2]
        cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        if self.interleaved:
            first, second = x[..., 0::2], x[..., 1::2]
        else:
            first, second = x.chunk(2, dim=-1)
        turned = first * cos - second * sin, second * cos + first * sin
        return torch.stack(turned, dim=-1).flatten(-2) if self.interleaved else torch.cat(turned, dim=-1)

    def extra_repr(self) -> str:
        """For `print(model)`."""
        return f"{self.dim}, base={self.base:g}, interleaved={self.interleaved}"

    def _angles(self, tokens: int, offset: int, device: torch.device) -> Tensor:
        exponents = torch.arange(0, self.dim, 2, device=device, dtype=torch.float32) / self.dim
        places = torch.arange(offset, offset + tokens, device=device, dtype=torch.float32)
        return torch.outer(places, self.base**-exponents)
