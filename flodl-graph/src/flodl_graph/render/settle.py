"""The nearest places to where things would like to stand, in a row, without overlap."""

from __future__ import annotations

from collections.abc import Sequence


def settle(wishes: Sequence[float], weights: Sequence[float], apart: Sequence[float]) -> list[float]:
    """Positions that minimise the weighted squared distance to the wishes, in the given order.

    What would overlap moves together as one block, which stands at its members' weighted mean:
    isotonic regression by pooling (Ayer et al. 1955).

    Args:
        wishes: Where each would like to stand.
        weights: How much each insists; > 0.
        apart: The least distance from each to the next; one fewer.

    >>> settle([0.0, 0.0, 9.0], [1.0, 1.0, 1.0], [2.0, 2.0])
    [-1.0, 1.0, 9.0]
    """
    offsets = [0.0]
    for distance in apart:
        offsets.append(offsets[-1] + distance)
    blocks: list[tuple[float, float, int]] = []  # weight, weighted sum, members
    for wish, weight, offset in zip(wishes, weights, offsets, strict=True):
        block = (weight, weight * (wish - offset), 1)
        while blocks and blocks[-1][1] / blocks[-1][0] >= block[1] / block[0]:
            last = blocks.pop()
            block = (last[0] + block[0], last[1] + block[1], last[2] + block[2])
        blocks.append(block)
    starts = [total / weight for weight, total, members in blocks for _ in range(members)]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]
