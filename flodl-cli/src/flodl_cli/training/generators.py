"""Generators of one's own: the split and the order of examples neither disturb others nor are disturbed."""

from __future__ import annotations

import random

import torch


def generator(*numbers: int) -> torch.Generator:
    """A generator for one purpose, on the CPU.

    Args:
        numbers: What it depends on, such as a seed and an epoch.
    """
    return torch.Generator().manual_seed(random.Random(repr(numbers)).getrandbits(63))  # noqa: S311 - no secret
