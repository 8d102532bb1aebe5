"""What a step did, copied to the host, and how far another run of it came from that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from flodl_core.capture.refusal import Refusal

_FACTOR = 4.0  # how much further than two eager steps from each other a replay may be
_SHARED = 1e-3  # noise that one tensor shows is in others, too, up to this
_ROUNDING = 1e-6  # in units of what a step does


def beyond_noise(found: Mapping[str, float], spread: Mapping[str, float]) -> dict[str, float]:
    """Of distances by name, those that kernels which are never twice the same do not explain.

    Args:
        found: How far a replay is from an eager step.
        spread: How far eager steps were from each other. Where any were, a few of them say little of each
            tensor: an optimizer that divides by the size of gradients makes much of a little noise, now
            in one of them, now in another.
    """
    shared = min(max(spread.values(), default=0.0), _SHARED)
    return {n: gap for n, gap in found.items() if gap > _FACTOR * max(spread.get(n, 0.0), shared) + _ROUNDING}


@final
class HostCopy:
    """Tensors by name, copied to the host: nothing of it stays on the device.

    Args:
        tensors: What is copied.

    Raises:
        Refusal: One of them is sparse.
    """

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self._copies = {name: _to_host(name, tensor) for name, tensor in tensors.items()}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Put the copies into the tensors of the same names."""
        with torch.no_grad():
            for name, copy in self._copies.items():
                tensors[name].detach().copy_(copy)

    def distances(self, others: Mapping[str, Tensor], before: HostCopy) -> dict[str, float]:
        """How far each of the others is from its copy, in units of what the step did to it.

        A tensor that was not there before counts by its own size. 0.0 where both are equal, bit for
        bit; NaN where both are NaN is equal.
        """
        return {name: self._distance(name, other, before) for name, other in others.items()}

    def _distance(self, name: str, other: Tensor, before: HostCopy) -> float:
        mine, theirs = self._copies[name], other.detach().to("cpu")
        if _same(mine, theirs):
            return 0.0
        mine, theirs = _wide(mine), _wide(theirs)
        gap = torch.where((mine == theirs) | (mine.isnan() & theirs.isnan()), 0.0, mine - theirs)
        start = before._copies.get(name)
        moved = mine if start is None else mine - _wide(start)
        size = max(float(moved.norm().nan_to_num()), 1e-7 * float(mine.norm().nan_to_num()), 1e-30)
        distance = float(gap.norm()) / size
        return distance if distance == distance else float("inf")


def _to_host(name: str, tensor: Tensor) -> Tensor:
    if tensor.layout is not torch.strided:
        raise Refusal(f"{name} is sparse: its memory is another at each step")
    return tensor.detach().to("cpu", copy=True)


def _same(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and one.dtype == other.dtype and torch.equal(one, other)


def _wide(tensor: Tensor) -> Tensor:
    return tensor.to(torch.complex128 if tensor.is_complex() else torch.float64)
