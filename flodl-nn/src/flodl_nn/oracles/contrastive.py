"""Losses that pull together and push apart, sample by sample as the papers write them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from flodl_nn.oracles.reduction import Array, reduced

Pair = Callable[[Array, Array], Array]


def _unit(x: Array) -> Array:
    return np.asarray(x / np.sqrt((x**2).sum(axis=1, keepdims=True)))


def _log_share(logits: list[float], own: int) -> float:
    return logits[own] - math.log(sum(map(math.exp, logits)))


def info_nce(temperature: float = 0.07, *, symmetric: bool = True, label_smoothing: float = 0.0) -> Pair:
    """The cross entropy of each query among all keys; symmetric: of each key among all queries, too."""

    def one_way(cosines: Array) -> float:
        losses = []
        for i, row in enumerate((cosines / temperature).tolist()):
            everyone = sum(_log_share(row, j) for j in range(len(row))) / len(row)
            losses.append(-(1 - label_smoothing) * _log_share(row, i) - label_smoothing * everyone)
        return sum(losses) / len(losses)

    def loss(queries: Array, keys: Array) -> Array:
        cosines = _unit(queries) @ _unit(keys).T
        forth = one_way(cosines)
        return np.asarray((forth + one_way(cosines.T)) / 2 if symmetric else forth)

    return loss


def nt_xent(temperature: float = 0.5) -> Pair:
    """For each of 2B views: its partner among all views but itself (Chen et al. 2020, equation 1)."""

    def loss(first: Array, second: Array) -> Array:
        views, batch = _unit(np.concatenate([first, second])), len(first)
        losses = []
        for i, view in enumerate(views):
            others = [j for j in range(2 * batch) if j != i]
            logits = [float(view @ views[j]) / temperature for j in others]
            losses.append(-_log_share(logits, others.index((i + batch) % (2 * batch))))
        return np.asarray(sum(losses) / len(losses))

    return loss


def sup_con(temperature: float = 0.1) -> Pair:
    """For each sample with friends: their mean log-share among all others (Khosla et al. 2020, equation 2)."""

    def loss(embeddings: Array, target: Array) -> Array:
        rows = _unit(embeddings)
        losses = []
        for i, row in enumerate(rows):
            others = [j for j in range(len(rows)) if j != i]
            logits = [float(row @ rows[j]) / temperature for j in others]
            friends = [place for place, j in enumerate(others) if target[j] == target[i]]
            if friends:
                losses.append(-sum(_log_share(logits, place) for place in friends) / len(friends))
        return np.asarray(sum(losses) / max(len(losses), 1))

    return loss


def contrastive(margin: float = 1.0, *, reduction: str = "mean") -> Callable[[Array, Array, Array], Array]:
    """`y d^2 + (1 - y) max(0, margin - d)^2` (Hadsell et al. 2006, without the half)."""

    def loss(a: Array, b: Array, y: Array) -> Array:
        d = np.sqrt(((a - b) ** 2).sum(axis=1))
        return reduced(y * d**2 + (1 - y) * np.maximum(0, margin - d) ** 2, reduction)

    return loss
