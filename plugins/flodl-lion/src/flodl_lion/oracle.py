"""Lion once more, from the paper's program 1, for `flodl exercise` to compare with; `x` is an array of numpy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def lion(
    x: Any,
    gradient: Callable[[Any], Any],
    lr: float = 1e-4,
    betas: tuple[float, float] = (0.9, 0.99),
    weight_decay: float = 0.0,
    *,
    maximize: bool = False,
) -> Iterator[Any]:
    """Yield `x` after each step: `x -= lr (sign(b1 m + (1 - b1) g) + weight_decay x)`, then `m` moves by `b2`."""
    momentum = 0.0 * x
    while True:
        g = -gradient(x) if maximize else gradient(x)
        mixed = betas[0] * momentum + (1 - betas[0]) * g
        sign = 1.0 * (mixed > 0) - 1.0 * (mixed < 0)
        x = x - lr * (sign + weight_decay * x)
        momentum = betas[1] * momentum + (1 - betas[1]) * g
        yield x
