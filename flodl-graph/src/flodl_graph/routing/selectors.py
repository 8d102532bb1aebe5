"""Selectors: which branch of a switch."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn

from flodl_graph.routing.refs import with_refs


@final
class FixedSelector(nn.Module):
    """Always the same branch. Shapes: any -> [].

    Args:
        index: The branch, from 0.
    """

    index: Tensor

    def __init__(self, index: int) -> None:
        super().__init__()
        self.register_buffer("index", torch.tensor(index), persistent=False)

    def forward(self, x: Tensor, **refs: Tensor) -> Tensor:
        """Choose, whatever the stream says."""
        return self.index

    def extra_repr(self) -> str:
        """Shown by `print(model)`."""
        return f"index={int(self.index)}"


@final
class ArgmaxSelector(nn.Module):
    """The branch with the largest logit. Shapes: [B, ..., dim] -> [] per batch, [B] per sample.

    Per batch the logits are averaged over everything but the branches first, so that the whole batch votes.
    Not differentiable: the layer learns only through what else reads it.

    Args:
        dim: Features of the stream.
        n: Number of branches; a switch fills it in.
        per: `"batch"` or `"sample"`; a switch fills it in.
    """

    def __init__(self, dim: int, n: int, per: str = "batch") -> None:
        super().__init__()
        self.linear = nn.Linear(dim, n)
        self.per = per

    def forward(self, x: Tensor, **refs: Tensor) -> Tensor:
        """Choose."""
        logits = self.linear(with_refs(x, refs))  # [B, ..., n]
        rows: Tensor = logits.flatten(1, -2).mean(1) if logits.dim() > 2 else logits  # [B, n]
        return rows.argmax(-1) if self.per == "sample" else rows.reshape(-1, rows.shape[-1]).mean(0).argmax()
