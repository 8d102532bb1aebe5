"""Routers: how much each expert of a gate counts."""

from __future__ import annotations

from typing import final

from torch import Tensor, nn

from flodl_graph.routing.refs import with_refs


@final
class SoftmaxRouter(nn.Module):
    """Weights that sum to 1 (Jacobs et al. 1991). Shapes: [..., dim] -> [..., n].

    Args:
        dim: Features of the stream.
        n: Number of experts; a gate fills it in.
    """

    def __init__(self, dim: int, n: int) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, n)

    def forward(self, x: Tensor, **refs: Tensor) -> Tensor:
        """Weigh."""
        weights: Tensor = self.linear(with_refs(x, refs)).softmax(-1)
        return weights


@final
class SigmoidRouter(nn.Module):
    """Weights between 0 and 1, each on its own. Shapes: [..., dim] -> [..., n].

    Args:
        dim: Features of the stream.
        n: Number of experts; a gate fills it in.
    """

    def __init__(self, dim: int, n: int) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, n)

    def forward(self, x: Tensor, **refs: Tensor) -> Tensor:
        """Weigh."""
        weights: Tensor = self.linear(with_refs(x, refs)).sigmoid()
        return weights
