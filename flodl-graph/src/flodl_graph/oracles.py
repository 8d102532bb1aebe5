"""What merge ops compute, in numpy and float64: for `flodl exercise` alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]
Joined: TypeAlias = Callable[..., Array]


def add() -> Joined:
    """The sum."""
    return lambda *values: np.sum(values, axis=0)


def mean() -> Joined:
    """The sum over the number."""
    return lambda *values: np.mean(values, axis=0)


def mul() -> Joined:
    """The product."""
    return lambda *values: np.prod(values, axis=0)


def max() -> Joined:
    """The largest."""
    return lambda *values: np.max(values, axis=0)


def min() -> Joined:
    """The smallest."""
    return lambda *values: np.min(values, axis=0)


def cat(dim: int = -1) -> Joined:
    """One after another."""
    return lambda *values: np.concatenate(values, axis=dim)


def stack(dim: int = -1) -> Joined:
    """Along a new dimension."""
    return lambda *values: np.stack(values, axis=dim)
