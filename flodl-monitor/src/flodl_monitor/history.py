"""All epochs of the run in memory, by column: 8 bytes a value, and 8 for its epoch where a curve has gaps."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any, TypeAlias, final

from flodl_core.rules import Firing

from flodl_monitor.about import About
from flodl_monitor.event_log import firing_from_json, firing_to_json, number_from_json, number_to_json
from flodl_monitor.record import EpochRecord, Mark

Epochs: TypeAlias = "range | array[int]"
"""In ascending order; a range where none is left out."""


@final
class Curve:
    """One quantity over the epochs at which it was logged: a sparse metric stays sparse."""

    def __init__(self, epochs: Epochs = range(0), values: array[float] | None = None) -> None:
        dense = len(epochs) > 0 and epochs[-1] - epochs[0] == len(epochs) - 1
        self.epochs: Epochs = range(epochs[0], epochs[-1] + 1) if dense else epochs
        self.values: array[float] = array("d") if values is None else values

    def append(self, epoch: int, value: float) -> None:
        """One more point."""
        epochs = self.epochs
        if isinstance(epochs, range):
            if not epochs:
                self.epochs = range(epoch, epoch + 1)
            elif epoch == epochs.stop:
                self.epochs = range(epochs.start, epoch + 1)
            else:
                self.epochs = array("q", [*epochs, epoch])
        else:
            epochs.append(epoch)
        self.values.append(value)

    def copy(self) -> Curve:
        """The same, to keep."""
        return Curve(self.epochs[:], self.values[:])

    def cut(self, epoch: int) -> None:
        """Forget the points from `epoch` on."""
        end = bisect_left(self.epochs, epoch)
        if end < len(self.epochs):
            self.epochs = self.epochs[:end]
            del self.values[end:]


@final
class History:
    """What was logged, for curves, exports and resuming."""

    def __init__(self) -> None:
        self.seconds, self.times = Curve(), Curve()
        self.metrics: dict[str, Curve] = {}
        self.resources: dict[str, Curve] = {}
        self.fired: list[Firing] = []
        self.marks: list[tuple[int, str]] = []
        self.about: About | None = None
        self.spent = 0.0
        """Seconds of training: of all epochs, those too of which no point is kept any more."""

    def __len__(self) -> int:
        return len(self.seconds.epochs)

    @property
    def last(self) -> int:
        """The latest epoch, counted from 1; 0 where there is none."""
        return self.seconds.epochs[-1] if len(self) else 0

    @property
    def longest(self) -> int:
        """Points of the curve that has most: of a history that was thinned, more than it has epochs."""
        return max(len(curve.epochs) for curve in self._all())

    def append(self, record: EpochRecord) -> None:
        """Add one epoch's points."""
        self.seconds.append(record.epoch, record.seconds)
        self.spent += finite_sum((record.seconds,))
        self.times.append(record.epoch, record.time)
        for curves, numbers in ((self.metrics, record.metrics), (self.resources, record.resources)):
            for name, value in numbers.items():
                curve = curves.get(name)
                if curve is None:
                    curve = curves[name] = Curve()
                curve.append(record.epoch, value)
        self.fired += record.fired
        self.marks += ((record.epoch, text) for text in record.marks)

    def mark(self, mark: Mark) -> None:
        """Add a word to an epoch that is over; said twice, it stands once."""
        if (mark.epoch, mark.text) not in self.marks:
            insort(self.marks, (mark.epoch, mark.text), key=itemgetter(0))

    def copy(self) -> History:
        """The same, to keep: this one goes on."""
        twin = History()
        twin.seconds, twin.times = self.seconds.copy(), self.times.copy()
        twin.metrics = {name: curve.copy() for name, curve in self.metrics.items()}
        twin.resources = {name: curve.copy() for name, curve in self.resources.items()}
        twin.fired, twin.marks = list(self.fired), list(self.marks)
        twin.about, twin.spent = self.about, self.spent
        return twin

    def cut(self, epoch: int) -> None:
        """Forget what is known of `epoch` and of later ones: they are about to be run again."""
        self.spent -= finite_sum(self.seconds.values[bisect_left(self.seconds.epochs, epoch) :])
        for curve in self._all():
            curve.cut(epoch)
        self.fired = [firing for firing in self.fired if firing.epoch < epoch]
        self.marks = [mark for mark in self.marks if mark[0] < epoch]

    def records(self, total: int) -> Iterator[EpochRecord]:
        """The epochs as records, without their ETA."""
        places: dict[int, int] = {}
        for row, epoch in enumerate(self.seconds.epochs):
            yield EpochRecord(
                epoch=epoch,
                total=total,
                seconds=self.seconds.values[row],
                metrics=_row(self.metrics, epoch, places),
                resources=_row(self.resources, epoch, places),
                fired=tuple(firing for firing in self.fired if firing.epoch == epoch),
                marks=tuple(text for when, text in self.marks if when == epoch),
                time=self.times.values[row],
            )

    def state_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "seconds": _to_plain(self.seconds),
            "times": _to_plain(self.times),
            "metrics": {name: _to_plain(curve) for name, curve in self.metrics.items()},
            "resources": {name: _to_plain(curve) for name, curve in self.resources.items()},
            "fired": [firing_to_json(firing) for firing in self.fired],
            "marks": [list(mark) for mark in self.marks],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave, whole or not at all."""
        seconds, times = _from_plain(state["seconds"]), _from_plain(state["times"])
        metrics = {name: _from_plain(curve) for name, curve in state["metrics"].items()}
        resources = {name: _from_plain(curve) for name, curve in state["resources"].items()}
        fired = [firing_from_json(firing) for firing in state.get("fired", ())]
        marks = [(int(epoch), str(text)) for epoch, text in state.get("marks", ())]
        if seconds.epochs != times.epochs:
            raise ValueError("`seconds` and `times` are of different epochs")
        self.seconds, self.times, self.metrics, self.resources = seconds, times, metrics, resources
        self.fired, self.marks, self.spent = fired, marks, finite_sum(seconds.values)

    def _all(self) -> list[Curve]:
        return [self.seconds, self.times, *self.metrics.values(), *self.resources.values()]


def finite_sum(values: Iterable[float]) -> float:
    """Of those that are numbers."""
    return sum(filter(math.isfinite, values))


def _row(curves: Mapping[str, Curve], epoch: int, places: dict[int, int]) -> dict[str, float]:
    """The values at the next point of each curve that is of this epoch; `places` remembers how far each was read."""
    row = {}
    for name, curve in curves.items():
        place = places.get(id(curve), 0)
        if place < len(curve.epochs) and curve.epochs[place] == epoch:
            row[name] = curve.values[place]
            places[id(curve)] = place + 1
    return row


def _to_plain(curve: Curve) -> dict[str, list[Any]]:
    return {"epochs": list(curve.epochs), "values": [number_to_json(value) for value in curve.values]}


def _from_plain(plain: Mapping[str, Any]) -> Curve:
    epochs, values = array("q", plain["epochs"]), array("d", map(number_from_json, plain["values"]))
    if len(epochs) != len(values):
        raise ValueError("a curve has as many epochs as values")
    if list(epochs) != sorted({*epochs}) or (epochs and epochs[0] < 1):
        raise ValueError("a curve's epochs ascend from 1")
    return Curve(epochs, values)
