"""The live module of the word: route, dispatch, weigh, add."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import torch
from flodl_graph import Part, as_modules
from torch import Tensor, nn

from flodl_moe.balance import balance_loss, load, z_loss
from flodl_moe.dispatch import Dispatched, by_capacity, by_count
from flodl_moe.router import Router

# T tokens, any leading dimensions; D features; E experts; K experts per token

OUTPUTS = ("weights", "index", "balance_loss", "z_loss", "load", "dropped")
"""What a mixture gives besides the stream, if asked."""


@final
class SparseMixture(nn.Module):
    """For each token the sum of its experts' outputs, weighed by the router.

    The weights of a token's experts are a softmax over their logits alone; for a single expert, its probability
    among all, since the router would learn nothing from a weight of 1.

    Args:
        experts: Modules from [T, D] to [T, ...]: they see single tokens, in any order.
        dim: Features of a token.
        top_k: Experts per token.
        capacity: None: each expert gets all of its tokens, counted on the host. A number: each expert has places
            for so many times its even share, and tokens beyond get nothing from it; shapes never change.
        noisy: As in `Router`.

    Source:
        Shazeer et al. 2017, "Outrageously Large Neural Networks: The Sparsely-Gated Mixture-of-Experts Layer",
        section 2; for one expert per token Fedus et al. 2021, "Switch Transformers", section 2.1.
    """

    def __init__(
        self, experts: Sequence[Part], dim: int, top_k: int, capacity: float | None = None, *, noisy: bool = False
    ) -> None:
        super().__init__()
        self.router = Router(dim, len(experts), noisy=noisy)
        self.experts = as_modules(experts)
        self.dim, self.top_k, self.capacity, self.noisy = dim, top_k, capacity, noisy

    def forward(self, x: Tensor, *, wanted: tuple[str, ...] = (), **refs: Tensor) -> Any:
        """Mix.

        Shapes: x [..., D] -> [..., *what an expert gives]; weights and index [..., K], load [E], the rest [].

        Args:
            x: Tokens.
            wanted: Of `weights`, `index`, `balance_loss`, `z_loss`, `load` (the share of all choices that fell on
                each expert), `dropped` (the share of all choices that found no place).
            refs: Go to the router, which adds them to the tokens.
        """
        logits = self.router(x, **refs)  # [..., E]
        values, index = logits.topk(self.top_k, dim=-1)  # [..., K]
        weights = values.softmax(-1) if self.top_k > 1 else logits.softmax(-1).gather(-1, index)
        sent = self._dispatch(x.reshape(-1, x.shape[-1]), index.reshape(-1, self.top_k))
        mixed = _weighed(sent, weights.reshape(-1, self.top_k))
        mixed = mixed.reshape(*x.shape[:-1], *mixed.shape[1:])
        if not wanted:
            return mixed
        found = {"weights": weights, "index": index}
        return (mixed, *(found[name] if name in found else _judged(name, logits, index, sent) for name in wanted))

    def _dispatch(self, tokens: Tensor, index: Tensor) -> Dispatched:
        if self.capacity is None:
            return by_count(list(self.experts), tokens, index)
        return by_capacity(list(self.experts), tokens, index, self.capacity)

    def extra_repr(self) -> str:
        """Shown by `print(model)`."""
        said = f"{self.dim}, top_k={self.top_k}"
        said += "" if self.capacity is None else f", capacity={self.capacity:g}"
        return said + (", noisy" if self.noisy else "")


def _weighed(sent: Dispatched, weights: Tensor) -> Tensor:
    """The sum over each token's experts. Shapes: [K, T, ...], [T, K] -> [T, ...]."""
    share = weights.T.to(sent.outputs.dtype)
    return (sent.outputs * share.reshape(*share.shape, *(1 for _ in sent.outputs.shape[2:]))).sum(0)


def _judged(name: str, logits: Tensor, index: Tensor, sent: Dispatched) -> Tensor:
    """One of the numbers that say how evenly experts are used."""
    if name == "balance_loss":
        return balance_loss(logits, index)
    if name == "z_loss":
        return z_loss(logits)
    if name == "load":
        return load(index, logits.shape[-1])
    if sent.arrived is None:
        return torch.zeros((), device=logits.device)
    return (~sent.arrived).float().sum() / max(sent.arrived.numel(), 1)
