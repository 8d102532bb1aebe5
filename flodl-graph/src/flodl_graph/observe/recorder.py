"""Numbers recorded during an epoch, reduced to one per name when it ends.

A recorded tensor stays on its device and is added up there; the host waits for it once, at the
flush, for all names together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeAlias, final

import torch
from attrs import define, field
from flodl_core import CheckpointError, TrainingError
from torch import Tensor

Number: TypeAlias = "float | Tensor"


@final
@define
class Recorder:
    """Weighted means by name, and their history.

    Args:
        history: Name to (epoch, mean) pairs, in order.
    """

    history: dict[str, list[tuple[int, float]]] = field(factory=dict)
    _sums: dict[str, Number] = field(factory=dict)
    _weights: dict[str, float] = field(factory=dict)

    def record(self, values: Mapping[str, Number], *, weight: float = 1.0) -> None:
        """Add one number per name to the running epoch.

        Args:
            values: Floats or tensors of one element. Tensors are detached, and not waited for.
            weight: How much these count in the mean: the number of rows of the batch, say. > 0.

        Raises:
            TrainingError: A value is no number, or the weight is not above 0.
        """
        if not weight > 0 or math.isinf(weight):
            raise TrainingError(f"record() weighs by a positive number, got {weight!r}", mend="weight=len(x)")
        checked = {name: _number(name, value) for name, value in values.items()}
        for name, value in checked.items():
            weighed = value * weight
            self._sums[name] = self._sums[name] + weighed if name in self._sums else weighed
            self._weights[name] = self._weights.get(name, 0.0) + weight

    def flush(self, epoch: int) -> dict[str, float]:
        """Close the running means as points of `epoch`; a second flush in one epoch replaces them.

        Returns:
            Name and mean of what was recorded since the last flush.
        """
        sums, weights, self._sums, self._weights = self._sums, self._weights, {}, {}
        means = {name: total / weights[name] for name, total in _to_host(sums).items()}
        for name, mean in means.items():
            points = self.history.setdefault(name, [])
            if points and points[-1][0] == epoch:
                points.pop()
            points.append((epoch, mean))
        return means

    def latest(self) -> dict[str, float]:
        """Name and last mean of everything ever flushed."""
        return {name: points[-1][1] for name, points in self.history.items()}

    def state_dict(self) -> dict[str, Any]:
        """Curves and open means, to go on with: plain data and live tensors."""
        history = {name: list(points) for name, points in self.history.items()}
        return {"history": history, "sums": dict(self._sums), "weights": dict(self._weights)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on with them.

        Raises:
            CheckpointError: It is no such state; nothing has changed then.
        """
        try:
            history = {
                name: [(int(epoch), float(mean)) for epoch, mean in points] for name, points in state["history"].items()
            }
            sums = {
                name: total.clone() if isinstance(total, Tensor) else float(total)
                for name, total in state["sums"].items()
            }
            weights = {name: float(state["weights"][name]) for name in sums}
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise CheckpointError(f"this is no state of a recorder: {error}") from None
        self.history, self._sums, self._weights = history, sums, weights


def _number(name: str, value: Number) -> Number:
    if isinstance(value, Tensor):
        if value.numel() != 1:
            raise TrainingError(
                f"record({name!r}) takes one number, got shape {tuple(value.shape)}", mend="value.mean()"
            )
        wide = torch.float32 if value.device.type == "mps" else torch.float64
        return value.detach().reshape(()).to(wide)
    if isinstance(value, bool | int | float):
        return float(value)
    raise TrainingError(f"record({name!r}) takes a float or a tensor, got {type(value).__name__}")


def _to_host(sums: Mapping[str, Number]) -> dict[str, float]:
    """All sums as floats, with one transfer per device."""
    done = {name: total for name, total in sums.items() if not isinstance(total, Tensor)}
    tensors = {name: total for name, total in sums.items() if isinstance(total, Tensor)}
    for device in {total.device for total in tensors.values()}:
        there = {name: total for name, total in tensors.items() if total.device == device}
        done |= dict(zip(there, torch.stack(list(there.values())).tolist(), strict=True))
    return {name: done[name] for name in sums}
