"""Routers: how much each expert of a gate counts."""

from __future__ import annotations

from typing import final

from torch import Tensor, nn

from flodl_graph.routing.refs import with_refs


class AbstractRouter(nn.Module):
    """A logit for each expert. Shapes: [..., dim] -> [..., n].

    Args:
        dim: Features of the stream.
        n: Number of experts; a gate fills it in.
    """

    def __init__(self, dim: int, n: int) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, n)

    def logits(self, x: Tensor, refs: dict[str, Tensor]) -> Tensor:
        """Of the stream with all references added."""
        logits: Tensor = self.linear(with_refs(x, refs))
        return logits


@final
class SoftmaxRouter(AbstractRouter):
    """Weights that sum to 1 (Jacobs et al. 1991). Shapes: [..., dim] -> [..., n]."""

    def forward(self, x: Tensor, **refs: Tensor) -> Tensor:
        """Weigh."""
        return self.logits(x, refs).softmax(-1)


@final
class SigmoidRouter(AbstractRouter):
    """Weights between 0 and 1, each on its own. Shapes: [..., dim] -> [..., n]."""

    def forward(self, x: Tensor, **refs: Tensor) -> Tensor:
        """Weigh."""
        return self.logits(x, refs).sigmoid()
