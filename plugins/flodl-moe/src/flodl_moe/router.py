"""The router: how much each expert is wanted for each token."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the customary name

# T tokens, any leading dimensions; D features; E experts


@final
class Router(nn.Module):
    """A logit for each expert; noisy in training, where that is wanted, so that all experts are tried.

    Shapes: [..., dim] -> [..., experts].

    Args:
        dim: Features of a token.
        experts: How many there are.
        noisy: In training add Gaussian noise to each logit, of a size that is learned for each token and expert.

    Source:
        Shazeer et al. 2017, "Outrageously Large Neural Networks: The Sparsely-Gated Mixture-of-Experts Layer",
        equation 4. The noise's weights begin as zeros, as there: a size of log 2.
    """

    def __init__(self, dim: int, experts: int, *, noisy: bool = False) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, experts, bias=False)
        self.noise = nn.Linear(dim, experts, bias=False) if noisy else None
        if self.noise is not None:
            nn.init.zeros_(self.noise.weight)

    def forward(self, x: Tensor, **refs: Tensor) -> Tensor:
        """The logits of the tokens, with all references added to these first."""
        for value in refs.values():
            x = x + value
        logits: Tensor = self.linear(x)
        if self.noise is None or not self.training:
            return logits
        return logits + torch.randn_like(logits) * F.softplus(self.noise(x))
