"""Every generator that a run may draw from, set from one number."""

from __future__ import annotations

import random
import sys

import torch


def seed_everything(seed: int) -> None:
    """Set Python's generator, numpy's where numpy is in use, and torch's on every device.

    Args:
        seed: From 0; torch takes all of it, numpy its lowest 32 bits.
    """
    random.seed(seed)
    torch.manual_seed(seed)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(seed % 2**32)


def generator(*numbers: int) -> torch.Generator:
    """A generator of its own for one purpose: it neither disturbs nor is disturbed by others.

    Args:
        numbers: What it depends on, such as a seed and an epoch.
    """
    return torch.Generator().manual_seed(random.Random(repr(numbers)).getrandbits(63))  # noqa: S311 - no secret
