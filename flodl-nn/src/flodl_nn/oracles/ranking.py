"""Losses of order and distance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from flodl_nn.oracles.reduction import Array, reduced

Pair = Callable[[Array, Array], Array]
Three = Callable[[Array, Array, Array], Array]


def distance(a: Array, b: Array, p: float = 2.0, eps: float = 1e-6) -> Array:
    """The p-norm of `a - b + eps`, row by row: eps keeps the root away from 0."""
    return np.asarray((np.abs(a - b + eps) ** p).sum(axis=-1) ** (1 / p))


def cosine_embedding(
    margin: float = 0.0, size_average: None = None, reduce: None = None, reduction: str = "mean"
) -> Three:
    """`1 - cos` for y = 1, `max(0, cos - margin)` for y = -1; 1e-12 is added to each squared length."""

    def loss(a: Array, b: Array, y: Array) -> Array:
        lengths = np.sqrt(((a * a).sum(1) + 1e-12) * ((b * b).sum(1) + 1e-12))
        cosine = (a * b).sum(1) / lengths
        return reduced(np.where(y == 1, 1 - cosine, np.maximum(0, cosine - margin)), reduction)

    return loss


def hinge_embedding(
    margin: float = 1.0, size_average: None = None, reduce: None = None, reduction: str = "mean"
) -> Pair:
    """`x` for y = 1, `max(0, margin - x)` for y = -1."""
    return lambda x, y: reduced(np.where(y == 1, x, np.maximum(0, margin - x)), reduction)


def margin_ranking(
    margin: float = 0.0, size_average: None = None, reduce: None = None, reduction: str = "mean"
) -> Three:
    """`max(0, -y (a - b) + margin)`."""
    return lambda a, b, y: reduced(np.maximum(0, -y * (a - b) + margin), reduction)


def triplet_margin(
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
) -> Three:
    """`max(0, d(anchor, positive) - d(anchor, negative) + margin)`; swapped: the nearer of the negative's two."""

    def loss(anchor: Array, positive: Array, negative: Array) -> Array:
        apart = distance(anchor, negative, p, eps)
        if swap:
            apart = np.minimum(apart, distance(positive, negative, p, eps))
        return reduced(np.maximum(0, distance(anchor, positive, p, eps) - apart + margin), reduction)

    return loss


def triplet_margin_with_distance(
    *, distance_function: None = None, margin: float = 1.0, swap: bool = False, reduction: str = "mean"
) -> Three:
    """The same by the distance of the class's own default."""
    return triplet_margin(margin=margin, swap=swap, reduction=reduction)
