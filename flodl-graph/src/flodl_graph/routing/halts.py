"""Halts: when a loop stops. A signal above 0 means stop."""

from __future__ import annotations

from math import inf
from typing import final

import torch
from torch import Tensor, nn

from flodl_graph.routing.refs import with_refs


@final
class ThresholdHalt(nn.Module):
    """Stop when the largest element exceeds a threshold. Shapes: [B, ...] -> [] per batch, [B] per sample.

    Args:
        threshold: In the units of the stream.
        per: `"batch"` or `"sample"`; a loop fills it in.
    """

    def __init__(self, threshold: float, per: str = "batch") -> None:
        super().__init__()
        self.threshold, self.per = threshold, per

    def forward(self, x: Tensor, **refs: Tensor) -> Tensor:
        """The largest element, less the threshold."""
        x = with_refs(x, refs)
        if self.per == "batch" and x.numel() == 0:
            return torch.full((), inf, device=x.device)  # of an empty batch every row wants to stop
        return (x.flatten(1).amax(1) if self.per == "sample" else x.max()) - self.threshold

    def extra_repr(self) -> str:
        """Shown by `print(model)`."""
        return f"threshold={self.threshold}"


@final
class LearnedHalt(nn.Module):
    """Stop when a learned logit is above 0. Shapes: [B, ..., dim] -> [B, ..., 1].

    Args:
        dim: Features of the stream.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, 1)

    def forward(self, x: Tensor, **refs: Tensor) -> Tensor:
        """The logit."""
        signal: Tensor = self.linear(with_refs(x, refs))
        return signal
