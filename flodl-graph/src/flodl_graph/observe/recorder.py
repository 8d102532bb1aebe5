"""Numbers recorded during an epoch, reduced to one mean per name when it ends.

A recorded tensor stays on its device and is added up there; the host waits for it once, at the
flush, for all names of all graphs together.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any, TypeAlias, final

import torch
from attrs import define, field
from flodl_core import CheckpointError, TrainingError
from flodl_core.trends.ledger import add_point, points_from
from torch import Tensor

from flodl_graph.observe.clock import Clock

Number: TypeAlias = "float | Tensor"
Points: TypeAlias = "list[tuple[int, float]]"


_NOTHING = (-1, 0.0, 0.0)


@final
@define(eq=False)
class Mean:
    """The running mean of one name: what `record` adds to, and so as little as can be.

    Args:
        total: Weighted sum of the floats.
        weight: Sum of all weights since the last flush.
        sums: Weighted sum of the tensors, by device.
        closed: Epoch, sum and weight of what was flushed last, in case the same epoch goes on.
    """

    total: float = 0.0
    weight: float = 0.0
    sums: dict[torch.device, Tensor] = field(factory=dict)
    closed: tuple[int, float, float] = _NOTHING

    def add(self, value: Number, weight: float) -> None:
        """Count a value that `checked` let through. Waits for no device."""
        if isinstance(value, Tensor):
            before = self.sums.get(value.device)
            self.sums[value.device] = _wide(value) * weight if before is None else before.add(value, alpha=weight)
        else:
            self.total += value * weight
        self.weight += weight

    def begin(self, other: Mean | None = None) -> None:
        """Count from nothing, or go on from another. It stays the same object, which graphs around may know."""
        start = Mean() if other is None else other
        self.total, self.weight, self.sums, self.closed = start.total, start.weight, start.sums, start.closed

    def close(self, epoch: int, on_devices: float) -> float:
        """The mean of all that was counted in this epoch so far; then count from nothing."""
        same, total, weight = self.closed[0] == epoch, self.total + on_devices, self.weight
        if same:
            total, weight = total + self.closed[1], weight + self.closed[2]
        self.total, self.weight, self.sums, self.closed = 0.0, 0.0, {}, (epoch, total, weight)
        return total / weight


@final
@define
class Recorder:
    """What one graph has recorded.

    Args:
        history: Name to (epoch, mean) pairs, in order.
        means: Name to its running mean.
        clock: How long epochs took.
        routes: Dotted name, as `record` was given it, to the running mean it belongs to, of this graph or of one
            inside it; forgotten at each flush, since parts may be exchanged.
    """

    history: dict[str, Points] = field(factory=dict)
    means: dict[str, Mean] = field(factory=dict)
    clock: Clock = field(factory=Clock)
    routes: dict[str, Mean] = field(factory=dict, eq=False, repr=False)

    def add_floats(self, values: Mapping[str, object], prefix: str, weight: float) -> bool:
        """Count values that are all plain floats of names met before in this epoch; if not, count nothing."""
        routes, floats = self.routes, []
        for name, value in values.items():
            mean = routes.get(f"{prefix}{name}" if prefix else name)
            if mean is None or type(value) is not float:
                return False
            floats.append((mean, value))
        for mean, value in floats:
            mean.total += value * weight
            mean.weight += weight
        return True

    def mean(self, name: str) -> Mean:
        """The running mean of a name."""
        return self.means.setdefault(name, Mean())

    def points(self, name: str) -> Points | None:
        """What was flushed under a name; empty when it is recorded and not yet flushed, None when it is unknown."""
        waits = name in self.means and self.means[name].weight > 0
        return self.history.get(name, [] if waits else None)

    def known(self) -> tuple[str, ...]:
        """Every name ever recorded, in that order."""
        return tuple(dict.fromkeys((*self.history, *(name for name, mean in self.means.items() if mean.weight))))

    def forget(self, names: Iterable[str]) -> None:
        """Drop the curves of some names, and what is open of them."""
        for name in names:
            self.history.pop(name, None)
            self.mean(name).begin()

    def next_epoch(self) -> None:
        """What was flushed is no part of what comes: the next epoch may have the same number in another count."""
        for mean in self.means.values():
            mean.closed = _NOTHING

    def running(self) -> dict[str, float]:
        """Name and mean so far of what was counted on the host alone."""
        means = self.means.copy().items()
        return {name: mean.total / mean.weight for name, mean in means if mean.weight and not mean.sums}

    def latest(self) -> dict[str, float]:
        """Name and last mean of everything ever flushed."""
        return {name: points[-1][1] for name, points in self.history.items()}

    def state_dict(self) -> dict[str, Any]:
        """Curves and open means, to go on with: plain data and live tensors."""
        means = {
            name: {
                "total": mean.total,
                "weight": mean.weight,
                "sums": list(mean.sums.values()),
                "closed": list(mean.closed),
            }
            for name, mean in self.means.items()
        }
        history = {name: list(points) for name, points in self.history.items()}
        return {"history": history, "means": means, "clock": self.clock.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on with them.

        Raises:
            CheckpointError: It is no such state; nothing has changed then.
        """
        try:
            history = points_from(state["history"])
            means = {str(name): _mean_from(saved) for name, saved in state["means"].items()}
            clock = Clock()
            clock.load_state_dict(state["clock"])
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise CheckpointError(f"this is no state of a recorder: {error!r}") from None
        for name in [*self.means, *means]:
            self.mean(name).begin(means.get(name))
        self.history, self.clock, self.routes = history, clock, {}


def flush(epoch: int, means: Mapping[tuple[str, str], Mean], recorders: Mapping[str, Recorder]) -> dict[str, float]:
    """Close running means as points of `epoch`, with one transfer per device for all of them.

    Args:
        means: Prefix of a graph and name, to a running mean that has something to close.
        recorders: Prefix to the recorder of that graph.

    Returns:
        Dotted name and mean.
    """
    flushed = {}
    for (prefix, name), there in _to_host(means).items():
        mean = means[prefix, name].close(epoch, there)
        add_point(recorders[prefix].history.setdefault(name, []), epoch, mean)
        flushed[prefix + name] = mean
    return flushed


def checked(name: str, value: object) -> Number:
    """One number, as it is counted: a float, or a tensor of a device, without shape and gradient.

    Raises:
        TrainingError: It is none.
    """
    if isinstance(value, Tensor):
        if value.numel() != 1:
            raise TrainingError(
                f"record({name!r}) takes one number, got shape {list(value.shape)}", mend="value.mean()"
            )
        if value.is_complex():
            raise TrainingError(f"record({name!r}) takes a real number, got {value.dtype}", mend="value.abs()")
        return value.item() if value.is_cpu else value.detach().reshape(())
    if isinstance(value, Real):
        try:
            return float(value)
        except OverflowError:  # an integer of hundreds of digits
            raise TrainingError(f"record({name!r}) takes a float or a tensor, got an int beyond both") from None
    raise TrainingError(f"record({name!r}) takes a float or a tensor, got {type(value).__name__}")


def checked_weight(weight: object) -> float:
    """A weight as a float; never a tensor, which the host might have to wait for.

    Raises:
        TrainingError: It is no positive number.
    """
    number = float(weight) if isinstance(weight, Real) else math.nan
    if not 0.0 < number < math.inf:
        raise TrainingError(f"record() weighs by a positive number, got {weight!r}", mend="weight=len(x)")
    return number


def checked_name(name: object) -> str:
    """What a value is recorded under.

    Raises:
        TrainingError: It is no text, or none that a line of a log can hold.
    """
    if not isinstance(name, str):
        raise TrainingError(
            f"record() takes a name, or a table of names and values, got {name!r}", mend='record({"loss": loss})'
        )
    if not name.strip() or not name.isprintable():
        raise TrainingError(f"record() takes a name that can be read, got {name!r}", mend='record({"loss": loss})')
    return name


def checked_prefix(prefix: object) -> str:
    """What goes before names.

    Raises:
        TrainingError: It is no text.
    """
    if not isinstance(prefix, str):
        raise TrainingError(f"record() takes a prefix that is text, got {prefix!r}", mend='prefix="val_"')
    return prefix


def _to_host(means: Mapping[tuple[str, str], Mean]) -> dict[tuple[str, str], float]:
    """The sums on devices as floats: stacked on each device, and read once."""
    read = dict.fromkeys(means, 0.0)
    held = [(key, total) for key, mean in means.items() for total in mean.sums.values()]
    for device in dict.fromkeys(total.device for _, total in held):
        there = [(key, total) for key, total in held if total.device == device]
        for (key, _), value in zip(there, torch.stack([total for _, total in there]).tolist(), strict=True):
            read[key] += value
    return read


def _wide(value: Tensor) -> Tensor:
    """In the widest type that the device has: many small values are added to one large sum."""
    return value.to(torch.float32 if value.device.type == "mps" else torch.float64)


def _mean_from(saved: Mapping[str, Any]) -> Mean:
    epoch, total, weight = saved["closed"]
    sums = {tensor.device: tensor.detach().clone() for tensor in saved["sums"]}
    return Mean(float(saved["total"]), float(saved["weight"]), sums, (int(epoch), float(total), float(weight)))
