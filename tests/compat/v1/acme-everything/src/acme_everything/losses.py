"""A loss, plain PyTorch."""

from typing import Literal

import torch


class Huberish(torch.nn.Module):
    def __init__(self, scale: float = 1.0, reduction: Literal["none", "mean", "sum"] = "mean") -> None:
        super().__init__()
        self.scale, self.reduction = scale, reduction

    def forward(self, prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        each = self.scale**2 * (torch.sqrt(1 + ((prediction - target) / self.scale) ** 2) - 1)
        return each if self.reduction == "none" else each.sum() if self.reduction == "sum" else each.mean()
