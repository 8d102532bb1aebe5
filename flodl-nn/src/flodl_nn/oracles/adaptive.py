"""Optimizers in which each parameter has a pace of its own: generators that yield `x` after each step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import count

import numpy as np

from flodl_nn.oracles.reduction import Array

Gradient = Callable[[Array], Array]
Betas = tuple[float, float]


def adam(
    x: Array,
    gradient: Gradient,
    lr: float = 1e-3,
    betas: Betas = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    amsgrad: bool = False,
) -> Iterator[Array]:
    """`x -= lr m' / (sqrt v' + eps)`, moments corrected for their start (Kingma and Ba 2015; Reddi et al. 2018)."""
    m, v, top = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    for t in count(1):
        g = gradient(x) + weight_decay * x
        m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g**2
        top = np.maximum(top, v)
        second = (top if amsgrad else v) / (1 - betas[1] ** t)
        x = x - lr * (m / (1 - betas[0] ** t)) / (np.sqrt(second) + eps)
        yield x


def adamw(
    x: Array,
    gradient: Gradient,
    lr: float = 1e-3,
    betas: Betas = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
) -> Iterator[Array]:
    """Adam on the gradient alone, after `x *= 1 - lr weight_decay` (Loshchilov and Hutter 2019)."""
    m, v = np.zeros_like(x), np.zeros_like(x)
    for t in count(1):
        g = gradient(x)
        m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g**2
        x = x * (1 - lr * weight_decay)
        x = x - lr * (m / (1 - betas[0] ** t)) / (np.sqrt(v / (1 - betas[1] ** t)) + eps)
        yield x


def adamax(
    x: Array,
    gradient: Gradient,
    lr: float = 2e-3,
    betas: Betas = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
) -> Iterator[Array]:
    """Adam by the largest gradient: `u = max(beta u, |g|)` (Kingma and Ba 2015, section 7.1); torch adds eps to |g|."""
    m, u = np.zeros_like(x), np.zeros_like(x)
    for t in count(1):
        g = gradient(x) + weight_decay * x
        m, u = betas[0] * m + (1 - betas[0]) * g, np.maximum(betas[1] * u, np.abs(g) + eps)
        x = x - lr / (1 - betas[0] ** t) * m / u
        yield x


def nadam(
    x: Array,
    gradient: Gradient,
    lr: float = 2e-3,
    betas: Betas = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    momentum_decay: float = 4e-3,
) -> Iterator[Array]:
    """Adam that steps by the momentum of the next step, with a momentum that warms up (Dozat 2016)."""
    m, v, product = np.zeros_like(x), np.zeros_like(x), 1.0
    for t in count(1):
        g = gradient(x) + weight_decay * x
        now, later = (betas[0] * (1 - 0.96 ** (k * momentum_decay) / 2) for k in (t, t + 1))
        product *= now
        m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g**2
        ahead = (1 - now) / (1 - product) * g + later / (1 - product * later) * m
        x = x - lr * ahead / (np.sqrt(v / (1 - betas[1] ** t)) + eps)
        yield x


def radam(
    x: Array,
    gradient: Gradient,
    lr: float = 1e-3,
    betas: Betas = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
) -> Iterator[Array]:
    """Adam from when its variance can be trusted, and rectified; momentum alone before (Liu et al. 2020)."""
    m, v = np.zeros_like(x), np.zeros_like(x)
    longest = 2 / (1 - betas[1]) - 1
    for t in count(1):
        g = gradient(x) + weight_decay * x
        m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g**2
        step = m / (1 - betas[0] ** t)
        length = longest - 2 * t * betas[1] ** t / (1 - betas[1] ** t)
        if length > 5:
            variance = ((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length)
            step = step * math.sqrt(variance * (1 - betas[1] ** t)) / (np.sqrt(v) + eps)
        x = x - lr * step
        yield x


def sparseadam(
    x: Array, gradient: Gradient, lr: float = 1e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8
) -> Iterator[Array]:
    """Adam with both corrections in the rate, where every row has a gradient (Kingma and Ba 2015, end of section 2)."""
    m, v = np.zeros_like(x), np.zeros_like(x)
    for t in count(1):
        g = gradient(x)
        m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g**2
        x = x - lr * math.sqrt(1 - betas[1] ** t) / (1 - betas[0] ** t) * m / (np.sqrt(v) + eps)
        yield x


def adadelta(
    x: Array, gradient: Gradient, lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0.0
) -> Iterator[Array]:
    """`d = rms(d) / rms(g) g`: steps in the units of x (Zeiler 2012)."""
    squares, steps = np.zeros_like(x), np.zeros_like(x)
    while True:
        g = gradient(x) + weight_decay * x
        squares = rho * squares + (1 - rho) * g**2
        d = np.sqrt(steps + eps) / np.sqrt(squares + eps) * g
        steps = rho * steps + (1 - rho) * d**2
        x = x - lr * d
        yield x


def adagrad(
    x: Array,
    gradient: Gradient,
    lr: float = 1e-2,
    lr_decay: float = 0.0,
    weight_decay: float = 0.0,
    initial_accumulator_value: float = 0.0,
    eps: float = 1e-10,
) -> Iterator[Array]:
    """`x -= lr g / sqrt(sum of g^2)` (Duchi et al. 2011)."""
    squares = np.full_like(x, initial_accumulator_value)
    for t in count(1):
        g = gradient(x) + weight_decay * x
        squares = squares + g**2
        x = x - lr / (1 + (t - 1) * lr_decay) * g / (np.sqrt(squares) + eps)
        yield x


def rmsprop(
    x: Array,
    gradient: Gradient,
    lr: float = 1e-2,
    alpha: float = 0.99,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    momentum: float = 0.0,
    centered: bool = False,
) -> Iterator[Array]:
    """`g / (rms(g) + eps)`, with momentum (Tieleman and Hinton 2012); centred: by the deviation (Graves 2013)."""
    squares, mean, velocity = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    while True:
        g = gradient(x) + weight_decay * x
        squares, mean = alpha * squares + (1 - alpha) * g**2, alpha * mean + (1 - alpha) * g
        velocity = momentum * velocity + g / (np.sqrt(squares - mean**2 if centered else squares) + eps)
        x = x - lr * velocity
        yield x


def adafactor(
    x: Array,
    gradient: Gradient,
    lr: float = 1e-2,
    beta2_decay: float = -0.8,
    eps: tuple[float | None, float] = (None, 1e-3),
    d: float = 1.0,
    weight_decay: float = 0.0,
) -> Iterator[Array]:
    """Second moments as rows times columns, updates clipped, rates in the units of x (Shazeer and Stern 2018).

    torch keeps the estimate above eps^2 instead of adding eps to each square.
    """
    least = np.finfo(np.float64).eps if eps[0] is None else eps[0]
    rows = columns = whole = np.float64(0.0)
    for t in count(1):
        g, part = gradient(x), t**beta2_decay
        if x.ndim > 1:
            rows = rows + part * ((g**2).mean(axis=-1, keepdims=True) - rows)
            columns = columns + part * ((g**2).mean(axis=-2, keepdims=True) - columns)
            second = rows * columns / np.maximum(rows.mean(axis=-2, keepdims=True), least)
        else:
            second = whole = whole + part * (g**2 - whole)
        update = g / np.sqrt(np.maximum(second, least**2))
        rate = max(eps[1], _rms(x)) * min(lr, 1 / math.sqrt(t))
        x = x * (1 - lr * weight_decay) - rate / max(1.0, _rms(update) / d) * update
        yield x


def _rms(x: Array) -> float:
    return float(np.sqrt((x**2).mean()))
