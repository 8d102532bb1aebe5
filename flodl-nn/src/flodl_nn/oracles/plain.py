"""Optimizers that go by the gradient itself: generators that yield `x` after each step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import count

import numpy as np

from flodl_nn.oracles.reduction import Array

Gradient = Callable[[Array], Array]


def sgd(
    x: Array,
    gradient: Gradient,
    lr: float = 1e-3,
    momentum: float = 0.0,
    dampening: float = 0.0,
    weight_decay: float = 0.0,
    nesterov: bool = False,
    *,
    maximize: bool = False,
) -> Iterator[Array]:
    """`v = momentum v + (1 - dampening) g`, at first `v = g`; `x -= lr v` (Polyak 1964; Sutskever et al. 2013)."""
    velocity = None
    while True:
        g = gradient(x) * (-1 if maximize else 1) + weight_decay * x
        velocity = g if velocity is None else momentum * velocity + (1 - dampening) * g
        if momentum:
            g = g + momentum * velocity if nesterov else velocity
        x = x - lr * g
        yield x


def asgd(
    x: Array,
    gradient: Gradient,
    lr: float = 1e-2,
    lambd: float = 1e-4,
    alpha: float = 0.75,
    t0: float = 1e6,
    weight_decay: float = 0.0,
) -> Iterator[Array]:
    """SGD with decay at a rate `lr / (1 + lambd lr t)^alpha` (Bottou 2010); the mean is kept beside it."""
    rate = lr
    for t in count(1):
        g = gradient(x) + weight_decay * x
        x = (1 - lambd * rate) * x - rate * g
        rate = lr / (1 + lambd * lr * t) ** alpha
        yield x


asgd.tolerance = 1e-7  # type: ignore[attr-defined]  # torch keeps the rate in float32


def rprop(
    x: Array,
    gradient: Gradient,
    lr: float = 1e-2,
    etas: tuple[float, float] = (0.5, 1.2),
    step_sizes: tuple[float, float] = (1e-6, 50.0),
) -> Iterator[Array]:
    """Steps that grow while the sign stays, shrink when it turns, and then wait once (Riedmiller and Braun 1993)."""
    size, last = np.full_like(x, lr), np.zeros_like(x)
    while True:
        g = gradient(x)
        turn = np.sign(g * last)
        size = np.clip(size * np.where(turn > 0, etas[1], np.where(turn < 0, etas[0], 1.0)), *step_sizes)
        last = np.where(turn < 0, 0.0, g)
        x = x - np.sign(last) * size
        yield x


def muon(
    x: Array,
    gradient: Gradient,
    lr: float = 1e-3,
    weight_decay: float = 0.1,
    momentum: float = 0.95,
    nesterov: bool = True,
    ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
    eps: float = 1e-7,
    ns_steps: int = 5,
) -> Iterator[Array]:
    """Momentum, its singular values drawn to about 1 by five steps of a polynomial (Jordan et al. 2024)."""
    mean = np.zeros_like(x)
    while True:
        g = gradient(x)
        mean = momentum * mean + (1 - momentum) * g
        update = _orthogonal((1 - momentum) * g + momentum * mean if nesterov else mean, ns_coefficients, ns_steps, eps)
        x = (1 - lr * weight_decay) * x - lr * math.sqrt(max(1.0, x.shape[0] / x.shape[1])) * update
        yield x


muon.tolerance = 2e-3  # type: ignore[attr-defined]  # torch's polynomial is computed in bfloat16


def _orthogonal(update: Array, coefficients: tuple[float, float, float], steps: int, eps: float) -> Array:
    a, b, c = coefficients
    tall = update.shape[0] > update.shape[1]
    y = update.T if tall else update
    y = y / max(float(np.linalg.norm(y)), eps)
    for _ in range(steps):
        gram = y @ y.T
        y = a * y + (b * gram + c * gram @ gram) @ y
    return y.T if tall else y
