"""Losses of sequences that nobody aligned."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np

from flodl_nn.oracles.reduction import Array, reduced


def ctc(blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> Callable[..., Array]:
    """Minus the log of the summed probability of every path that reads as the target (Graves et al. 2006).

    Every one of the `classes ** times` paths is looked at: it is the definition. The mean divides each sample by the
    length of its target first, as torch documents.
    """

    def loss(log_p: Array, targets: Array, input_lengths: Array, target_lengths: Array) -> Array:
        values = np.zeros(log_p.shape[1])
        for n in range(log_p.shape[1]):
            wanted = targets[n, : target_lengths[n]].tolist()
            total = 0.0
            for path in itertools.product(range(log_p.shape[2]), repeat=int(input_lengths[n])):
                if _read(path, blank) == wanted:
                    total += math.exp(sum(log_p[t, n, label] for t, label in enumerate(path)))
            values[n] = -math.log(total) if total else (0.0 if zero_infinity else math.inf)
        if reduction == "mean":
            values = values / np.maximum(target_lengths, 1)
        return reduced(values, reduction)

    return loss


def _read(path: tuple[int, ...], blank: int) -> list[int]:
    """Repetitions are one, blanks are nothing."""
    return [label for label, _ in itertools.groupby(path) if label != blank]
