"""Tensors compared by their bits: a NaN equals itself, and 0.0 is not -0.0."""

from __future__ import annotations

import torch
from torch import Tensor


def same_bits(one: Tensor, two: Tensor) -> bool:
    """Whether two tensors of one type and shape hold the same bits.

    >>> same_bits(torch.tensor([float("nan")]), torch.tensor([float("nan")]))
    True
    >>> same_bits(torch.tensor([0.0]), torch.tensor([-0.0]))
    False
    """
    return torch.equal(one.reshape(-1).view(torch.uint8), two.reshape(-1).view(torch.uint8))
