"""Batch values to one number per epoch: weighted means, kept on the device they came from."""

from __future__ import annotations

import math
from typing import Any, final

from flodl_core.errors import MonitorError

from flodl_monitor.scalars import as_name, as_number


@final
class Meter:
    """Weighted means by name, since the last `close`.

    A tensor is detached and added up where it lives, so that no batch waits for a GPU; the means
    are read once, in `close`.
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
        number: Any = value if isinstance(value, float) else _addable(value)
        total, weights = self._sums.get(name, (0.0, 0.0))
        self._sums[name] = (total + number * weight, weights + weight)

    def close(self) -> dict[str, float]:
        """The means, in the order of first recording; the meter is empty again."""
        sums, self._sums = self._sums, {}
        return {as_name(name): as_number(total) / weights for name, (total, weights) in sums.items() if weights}


def _addable(value: Any) -> Any:
    """A tensor as a 0-d one of high precision on its own device, anything else as a float."""
    if not hasattr(value, "detach"):
        return as_number(value)
    if value.numel() != 1:
        raise MonitorError(f"a metric is one number, got shape {list(value.shape)}")
    scalar = value.detach().reshape(())
    return scalar.float() if scalar.device.type == "mps" else scalar.double()
