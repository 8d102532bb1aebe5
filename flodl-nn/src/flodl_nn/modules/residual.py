"""What makes deep residual networks train: branches skipped at random, branches that start small."""

from __future__ import annotations

from typing import final

import torch
from flodl_core import ComponentError, ShapeError
from torch import Tensor, nn


@final
class StochasticDepth(nn.Module):
    """Zero whole samples while training, so that a residual branch is skipped for them.

    What is kept grows by `1 / (1 - p)`; in evaluation nothing happens.

    Shapes: x [B, ...] -> the same.

    Args:
        p: Probability that a sample is zeroed, from 0 up to, not including, 1.

    Raises:
        ComponentError: `p` is out of range.

    Source:
        Huang et al. 2016, "Deep Networks with Stochastic Depth".

    >>> sorted(set(StochasticDepth(0.5)(torch.ones(100, 3)).flatten().tolist()))
    [0.0, 2.0]
    """

    def __init__(self, p: float = 0.1) -> None:
        super().__init__()
        if not 0.0 <= p < 1.0:
            raise ComponentError(f"p is a probability below 1, got {p}")
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """Keep each sample with probability `1 - p`."""
        if not self.training or self.p == 0.0:
            return x
        keep = 1.0 - self.p
        kept = torch.empty([len(x), *[1] * (x.dim() - 1)], device=x.device, dtype=x.dtype).bernoulli_(keep)
        return x * kept / keep

    def extra_repr(self) -> str:
        """For `print(model)`."""
        return f"p={self.p}"


@final
class LayerScale(nn.Module):
    """Each channel times a learned factor that starts small: a residual branch fades in.

    Shapes: x [...] with `size` channels in dimension `dim` -> the same.

    Args:
        size: Channels.
        init: The factor at the start.
        dim: Which dimension the channels are.

    Raises:
        ComponentError: `size` is below 1.

    Source:
        Touvron et al. 2021, "Going Deeper with Image Transformers".

    >>> LayerScale(3, 0.5)(torch.ones(1, 3)).detach()
    tensor([[0.5000, 0.5000, 0.5000]])
    """

    def __init__(self, size: int, init: float = 1e-5, *, dim: int = -1) -> None:
        super().__init__()
        if size < 1:
            raise ComponentError(f"size is at least 1, got {size}")
        self.weight = nn.Parameter(torch.full((size,), init))
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        """Scale.

        Raises:
            ShapeError: There is no such dimension, or it has another size.
        """
        size = len(self.weight)
        if not -x.dim() <= self.dim < x.dim() or x.shape[self.dim] != size:
            raise ShapeError(f"{size} channels are to be in dimension {self.dim}, got {list(x.shape)}")
        after = x.dim() - 1 - (self.dim % x.dim())
        return x * self.weight.view(-1, *[1] * after)

    def extra_repr(self) -> str:
        """For `print(model)`."""
        return f"{len(self.weight)}, dim={self.dim}"
