"""A module with two inputs and two outputs."""

import torch


class Glu(torch.nn.Module):
    def __init__(self, features: int, *, bias: bool = True) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(features, features) / features)
        self.bias = torch.nn.Parameter(torch.zeros(features)) if bias else None

    def forward(self, x: torch.Tensor, context: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        gate = torch.sigmoid(torch.nn.functional.linear(context, self.weight, self.bias))
        return x * gate, gate
