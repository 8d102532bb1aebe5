"""Losses of overlap: one minus a ratio of counts, class by class."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from flodl_nn.oracles.classification import log_softmax
from flodl_nn.oracles.reduction import Array

Pair = Callable[[Array, Array], Array]


def tversky(
    alpha: float = 0.5, beta: float = 0.5, *, smooth: float = 1.0, gamma: float = 1.0, ignore_index: int = -100
) -> Pair:
    """`1 - TP / (TP + alpha FP + beta FN)`, smoothed above and below (Salehi et al. 2017)."""

    def loss(logits: Array, target: Array) -> Array:
        p = np.exp(log_softmax(logits))
        losses = []
        for label in range(p.shape[1]):
            claimed, truth = p[:, label], target == label
            hit, invented, missed = claimed[truth].sum(), claimed[~truth].sum(), (1 - claimed)[truth].sum()
            losses.append((1 - (hit + smooth) / (hit + alpha * invented + beta * missed + smooth)) ** gamma)
        return np.asarray(sum(losses) / len(losses))

    return loss


def dice(*, smooth: float = 1.0, ignore_index: int = -100) -> Pair:
    """`1 - (2 TP + smooth) / (sum of both + smooth)`."""

    def loss(logits: Array, target: Array) -> Array:
        p = np.exp(log_softmax(logits))
        losses = []
        for label in range(p.shape[1]):
            claimed, truth = p[:, label], (target == label).astype(float)
            losses.append(1 - (2 * (claimed * truth).sum() + smooth) / (claimed.sum() + truth.sum() + smooth))
        return np.asarray(sum(losses) / len(losses))

    return loss


def jaccard(*, smooth: float = 1.0, ignore_index: int = -100) -> Pair:
    """`1 - intersection / union`."""

    def loss(logits: Array, target: Array) -> Array:
        p = np.exp(log_softmax(logits))
        losses = []
        for label in range(p.shape[1]):
            claimed, truth = p[:, label], (target == label).astype(float)
            common = (claimed * truth).sum()
            losses.append(1 - (common + smooth) / (claimed.sum() + truth.sum() - common + smooth))
        return np.asarray(sum(losses) / len(losses))

    return loss
