"""Batch values to one number per epoch: weighted means, kept on the device they came from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, final

from flodl_core.errors import MonitorError

from flodl_monitor.scalars import as_name, as_number


@final
class Meter:
    """Weighted means by name, since the last `close`.

    A tensor is detached and added up where it lives, so that no batch waits for a GPU; the means
    are read once, in `means` or `close`.
    """

    def __init__(self) -> None:
        self._sums: dict[str, tuple[Any, float]] = {}

    def add(self, name: str, value: object, weight: float = 1.0) -> None:
        """Count `value` into the mean of `name`.

        Raises:
            MonitorError: `value` is not one number, or `weight` is negative or not finite.
        """
        if not 0.0 <= weight < math.inf:
            raise MonitorError(f"a weight is a number >= 0, got {weight!r}")
        total, weights = self._sums.get(name, (0.0, 0.0))
        total = total + value * weight if isinstance(value, float) else _add(total, value, weight)
        self._sums[name] = (total, weights + weight)

    def means(self) -> dict[str, float]:
        """The means so far, in the order of first recording. What was read from a device is not read again."""
        self._sums = {name: (as_number(total), weights) for name, (total, weights) in self._sums.items()}
        return {as_name(name): total / weights for name, (total, weights) in self._sums.items() if weights}

    def close(self) -> dict[str, float]:
        """The means; the meter is empty again, whatever it held."""
        try:
            return self.means()
        finally:
            self._sums = {}

    def peek(self) -> dict[str, float]:
        """The means so far, of what no device has to be waited for. Another thread may ask."""
        return {
            as_name(name): as_number(total) / weights
            for name, (total, weights) in self._sums.copy().items()
            if weights and _at_hand(total)
        }

    def state_dict(self) -> dict[str, list[Any]]:
        """The open sums: numbers, or tensors where they live."""
        return {name: [total, weights] for name, (total, weights) in self._sums.items()}

    def load_state_dict(self, state: Mapping[str, Sequence[Any]]) -> None:
        """Go on with them, whole or not at all."""
        self._sums = {name: (_owned(total), float(weights)) for name, (total, weights) in state.items()}


def _at_hand(total: Any) -> bool:
    return not hasattr(total, "detach") or total.device.type == "cpu"


def _owned(total: Any) -> Any:
    return total.detach().clone() if hasattr(total, "detach") else as_number(total)


def _add(total: Any, value: Any, weight: float) -> Any:
    """The sum with one more value: on the value's own device and in high precision if that is a tensor."""
    if not hasattr(value, "detach"):
        return total + as_number(value) * weight
    if value.numel() != 1:
        raise MonitorError(f"a metric is one number, got shape {list(value.shape)}")
    if getattr(value, "is_meta", False) or getattr(getattr(value, "dtype", None), "is_complex", False):
        raise MonitorError(f"a metric is one real number, got a tensor of {value.dtype} on {value.device}")
    scalar = value.detach().reshape(())
    if hasattr(total, "detach"):
        if total.device != scalar.device:  # it was loaded, or the model has moved
            total = total.to(scalar.device)
        return total.add(scalar, alpha=weight)  # one kernel, which also converts
    wide = scalar.float() if scalar.device.type == "mps" else scalar.double()
    return wide * weight + total  # never the tensor itself, whose owner may write to it
