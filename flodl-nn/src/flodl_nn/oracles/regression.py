"""Losses of numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from flodl_nn.oracles.reduction import Array, reduced

Pair = Callable[[Array, Array], Array]


def _of_error(curve: Callable[[Array], Array], reduction: str) -> Pair:
    return lambda output, target: reduced(curve(output - target), reduction)


def mse(reduction: str = "mean") -> Pair:
    """`e^2`."""
    return _of_error(lambda e: e**2, reduction)


def l1(reduction: str = "mean") -> Pair:
    """`|e|`."""
    return _of_error(np.abs, reduction)


def huber(reduction: str = "mean", delta: float = 1.0) -> Pair:
    """`e^2 / 2` up to delta, `delta (|e| - delta / 2)` beyond (Huber 1964)."""
    return _of_error(lambda e: np.where(np.abs(e) <= delta, e**2 / 2, delta * (np.abs(e) - delta / 2)), reduction)


def smooth_l1(reduction: str = "mean", beta: float = 1.0) -> Pair:
    """Huber's over beta: slope 1 beyond it (Girshick 2015)."""
    return _of_error(lambda e: np.where(np.abs(e) < beta, e**2 / (2 * beta), np.abs(e) - beta / 2), reduction)


def log_cosh(*, reduction: str = "mean") -> Pair:
    """`log cosh e`."""
    return _of_error(lambda e: np.log(np.cosh(e)), reduction)


def charbonnier(eps: float = 1e-3, *, reduction: str = "mean") -> Pair:
    """`sqrt(e^2 + eps^2)` (Charbonnier et al. 1994)."""
    return _of_error(lambda e: np.sqrt(e**2 + eps**2), reduction)


def quantile(quantiles: Sequence[float], *, reduction: str = "mean") -> Pair:
    """`q e` above the output, `(1 - q) |e|` below (Koenker and Bassett 1978)."""

    def loss(output: Array, target: Array) -> Array:
        values = np.empty_like(output)
        for row, column in np.ndindex(*output.shape):
            error = target.reshape(-1)[row] - output[row, column]
            q = quantiles[column]
            values[row, column] = q * error if error >= 0 else (q - 1) * error
        return reduced(values, reduction)

    return loss


quantile.tolerance = 1e-7  # type: ignore[attr-defined]  # the module keeps its quantiles in float32


def gaussian_nll(*, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> Callable[..., Array]:
    """Minus the log-density of the target under the bell curve; the constant only if `full`."""

    def loss(mean: Array, variance: Array, target: Array) -> Array:
        variance = np.maximum(variance, eps)
        values = (np.log(variance) + (target - mean) ** 2 / variance) / 2
        return reduced(values + (math.log(2 * math.pi) / 2 if full else 0), reduction)

    return loss


def poisson_nll(
    log_input: bool = True,
    full: bool = False,
    size_average: None = None,
    eps: float = 1e-8,
    reduce: None = None,
    reduction: str = "mean",
) -> Pair:
    """`rate - target log rate`, and Stirling's approximation of the rest for counts above 1 if `full`."""

    def loss(output: Array, target: Array) -> Array:
        values = np.exp(output) - target * output if log_input else output - target * np.log(output + eps)
        if full:
            with np.errstate(all="ignore"):
                rest = target * np.log(target) - target + np.log(2 * np.pi * target) / 2
            values = values + np.where(target > 1, rest, 0)
        return reduced(values, reduction)

    return loss
