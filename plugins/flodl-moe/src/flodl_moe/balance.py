"""How evenly experts are used, as losses that an objective can add, and as numbers to watch."""

from __future__ import annotations

import torch
from torch import Tensor

# T tokens, any leading dimensions; E experts; K experts per token


def balance_loss(logits: Tensor, index: Tensor) -> Tensor:
    """Small when tokens are spread evenly over experts: 1 at best, E when all go to one.

    `E * sum_e f_e P_e`, where `f_e` is the share of all choices that fell on expert e, and `P_e` the mean
    probability that the router gives it. The gradient comes through `P`; it pushes down what is chosen too often.

    Shapes: logits [..., E], index i64 [..., K] -> [].

    Source:
        Fedus et al. 2021, "Switch Transformers", equations 4 to 6; for several experts per token the share is one
        of all choices, so that the best is 1 for any K.

    >>> balance_loss(torch.zeros(4, 2), torch.tensor([[0], [1], [0], [1]]))
    tensor(1.)
    """
    logits = _wide(logits)
    experts = logits.shape[-1]
    probability = logits.softmax(-1).reshape(-1, experts)  # [T, E]
    wanted = probability.sum(0) / max(probability.shape[0], 1)  # [E]
    return experts * (load(index, experts).to(wanted.dtype) * wanted).sum()


def z_loss(logits: Tensor) -> Tensor:
    """Small when logits are: the mean squared log of their softmax's denominator. Keeps routers from rounding errors.

    Shapes: logits [..., E] -> [].

    Source:
        Zoph et al. 2022, "ST-MoE: Designing Stable and Transferable Sparse Expert Models", equation 5.

    >>> z_loss(torch.zeros(4, 1))
    tensor(0.)
    """
    denominators = _wide(logits).logsumexp(-1)
    return denominators.square().sum() / max(denominators.numel(), 1)


def _wide(logits: Tensor) -> Tensor:
    """In float32 at least: sums over all tokens overflow in half precision, and round off what there is to learn."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


def load(index: Tensor, experts: int) -> Tensor:
    """The share of all choices that fell on each expert. Shapes: i64 [..., K] -> f32 [E]; without gradients.

    >>> load(torch.tensor([[0], [1], [0], [0]]), 3)
    tensor([0.7500, 0.2500, 0.0000])
    """
    chosen = index.reshape(-1, 1) == torch.arange(experts, device=index.device)  # [T * K, E]
    return chosen.sum(0).float() / max(index.numel(), 1)
