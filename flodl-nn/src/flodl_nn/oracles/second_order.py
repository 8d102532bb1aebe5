"""Optimizers that go by curvature."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from flodl_nn.oracles.reduction import Array

Gradient = Callable[[Array], Array]


def lbfgs(
    x: Array,
    gradient: Gradient,
    lr: float = 1.0,
    max_iter: int = 20,
    max_eval: int | None = None,
    tolerance_grad: float = 1e-7,
    tolerance_change: float = 1e-9,
    history_size: int = 100,
) -> Iterator[Array]:
    """Each step: up to `max_iter` moves along `-H g`, H from the last moves (Nocedal and Wright, algorithm 7.4).

    No line search: a move is `lr` long, the very first `lr min(1, 1 / |g|)`.
    """
    moves: list[tuple[Array, Array]] = []
    last: tuple[Array, Array] | None = None  # the last move and the gradient before it
    while True:
        g = gradient(x)
        for _ in range(max_iter):
            if np.abs(g).max() <= tolerance_grad:
                break
            if last is not None and np.vdot(g - last[1], last[0]) > 1e-10:
                moves = [*moves, (last[0], g - last[1])][-history_size:]
            direction = -_times_inverse(g, moves)
            rate = lr if last is not None else lr * min(1.0, 1.0 / float(np.abs(g).sum()))
            if np.vdot(g, direction) > -tolerance_change:
                break
            last = (rate * direction, g)
            x = x + rate * direction
            g = gradient(x)
            if np.abs(rate * direction).max() <= tolerance_change:
                break
        yield x


def _times_inverse(g: Array, moves: list[tuple[Array, Array]]) -> Array:
    """`H g` by the two loops of algorithm 7.4."""
    kept = []
    for s, y in reversed(moves):
        share = np.vdot(s, g) / np.vdot(s, y)
        g = g - share * y
        kept.append(share)
    if moves:
        s, y = moves[-1]
        g = g * np.vdot(s, y) / np.vdot(y, y)
    for (s, y), share in zip(moves, reversed(kept), strict=True):
        g = g + s * (share - np.vdot(y, g) / np.vdot(s, y))
    return g
