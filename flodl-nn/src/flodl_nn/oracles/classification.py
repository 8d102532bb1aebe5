"""Losses of classes, and of answers that are yes or no. Classes are along dimension 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from flodl_nn.oracles.reduction import Array, reduced

Pair = Callable[[Array, Array], Array]


def log_softmax(x: Array, axis: int = 1) -> Array:
    """`x - log sum exp x`."""
    shifted = x - x.max(axis=axis, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True)))


def sigmoid(x: Array) -> Array:
    """`1 / (1 + exp(-x))`."""
    return 1.0 / (1.0 + np.exp(-x))


def _picked(values: Array, target: Array) -> Array:
    """For each sample, the value of its class."""
    return np.take_along_axis(values, np.expand_dims(target, 1), axis=1).squeeze(1)


def cross_entropy(
    weight: None = None,
    size_average: None = None,
    ignore_index: int = -100,
    reduce: None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Pair:
    """Minus the log-probability of the class; a part of the target may lie on all classes alike."""

    def loss(logits: Array, target: Array) -> Array:
        log_p = log_softmax(logits)
        values = -(1 - label_smoothing) * _picked(log_p, target) - label_smoothing * log_p.mean(axis=1)
        return reduced(values, reduction)

    return loss


def nll(
    weight: None = None,
    size_average: None = None,
    ignore_index: int = -100,
    reduce: None = None,
    reduction: str = "mean",
) -> Pair:
    """Minus the log-probability of the class."""
    return lambda log_p, target: reduced(-_picked(log_p, target), reduction)


def binary_cross_entropy(
    weight: None = None, size_average: None = None, reduce: None = None, reduction: str = "mean"
) -> Pair:
    """`-t log p - (1 - t) log(1 - p)`."""
    return lambda p, t: reduced(-t * np.log(p) - (1 - t) * np.log(1 - p), reduction)


def binary_cross_entropy_with_logits(
    weight: None = None,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    pos_weight: None = None,
) -> Pair:
    """The same of `sigmoid(x)`."""
    return lambda x, t: reduced(-t * np.log(sigmoid(x)) - (1 - t) * np.log(1 - sigmoid(x)), reduction)


def focal(
    alpha: float = 1.0,
    gamma: float = 2.0,
    *,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
) -> Pair:
    """`-alpha (1 - p)^gamma log p` (Lin et al. 2017)."""

    def loss(logits: Array, target: Array) -> Array:
        p = np.exp(_picked(log_softmax(logits), target))
        return reduced(-alpha * (1 - p) ** gamma * np.log(p), reduction)

    return loss


def binary_focal(alpha: float | None = 0.25, gamma: float = 2.0, *, reduction: str = "mean") -> Pair:
    """Focal loss of each answer: alpha weighs yes, 1 - alpha weighs no; between them in proportion."""

    def loss(logits: Array, target: Array) -> Array:
        p = sigmoid(logits)
        entropy = -target * np.log(p) - (1 - target) * np.log(1 - p)
        wrong = 1 - (p * target + (1 - p) * (1 - target))
        weight = 1.0 if alpha is None else alpha * target + (1 - alpha) * (1 - target)
        return reduced(weight * wrong**gamma * entropy, reduction)

    return loss


def kl_div(reduction: str = "batchmean", log_target: bool = False) -> Pair:
    """`t (log t - log p)` (Kullback and Leibler 1951)."""

    def loss(log_p: Array, target: Array) -> Array:
        t, log_t = (np.exp(target), target) if log_target else (target, np.log(target))
        return reduced(t * (log_t - log_p), reduction)

    return loss


def multi_margin(
    p: int = 1,
    margin: float = 1.0,
    weight: None = None,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
) -> Pair:
    """The mean over classes of `max(0, margin - x[y] + x[j])^p`, the right class aside."""

    def loss(x: Array, target: Array) -> Array:
        values = np.zeros(len(x))
        for row, y in enumerate(target):
            others = [j for j in range(x.shape[1]) if j != y]
            values[row] = sum(max(0.0, margin - x[row, y] + x[row, j]) ** p for j in others) / x.shape[1]
        return reduced(values, reduction)

    return loss


def multilabel_margin(size_average: None = None, reduce: None = None, reduction: str = "mean") -> Pair:
    """Every right class against every wrong one; the right ones stand first in a row of the target, up to -1."""

    def loss(x: Array, target: Array) -> Array:
        values = np.zeros(len(x))
        for row, classes in enumerate(target.tolist()):
            right = classes[: classes.index(-1)] if -1 in classes else classes
            wrong = [j for j in range(x.shape[1]) if j not in right]
            values[row] = sum(max(0.0, 1 - x[row, y] + x[row, j]) for y in right for j in wrong) / x.shape[1]
        return reduced(values, reduction)

    return loss


def multilabel_soft_margin(
    weight: Sequence[float] | None = None,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
) -> Pair:
    """Binary cross entropy of logits, its mean over the classes."""
    return lambda x, t: reduced((-t * np.log(sigmoid(x)) - (1 - t) * np.log(1 - sigmoid(x))).mean(axis=-1), reduction)


def soft_margin(size_average: None = None, reduce: None = None, reduction: str = "mean") -> Pair:
    """`log(1 + exp(-y x))`."""
    return lambda x, y: reduced(np.log(1 + np.exp(-y * x)), reduction)
