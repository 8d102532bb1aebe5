"""`EpochRecord`: one finished epoch, the only thing that the monitor's rooms exchange."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import final

from attrs import field, frozen
from flodl_core.rules import Firing


def _read_only(mapping: Mapping[str, float]) -> Mapping[str, float]:
    return MappingProxyType(dict(mapping))


@final
@frozen(kw_only=True)
class EpochRecord:
    """One finished epoch, as every sink sees it.

    Args:
        epoch: Counted from 1.
        total: Epochs that the run is meant to have.
        seconds: What the epoch took, by the monotonic clock.
        eta: Seconds that the rest will take; None after the last epoch, or while nobody can tell.
        metrics: By dotted name, in the order of their recording. May hold NaN and infinities.
        resources: Readings of the probes; what could not be read is absent.
        fired: What rules did at its end.
        marks: What else changed then, in words: `freeze encoder`, `lr 0.1 to 0.01`.
        time: Wall clock, seconds since 1970; no part of equality.
    """

    epoch: int
    total: int
    seconds: float
    eta: float | None = None
    metrics: Mapping[str, float] = field(factory=dict, converter=_read_only)
    resources: Mapping[str, float] = field(factory=dict, converter=_read_only)
    fired: tuple[Firing, ...] = ()
    marks: tuple[str, ...] = ()
    time: float = field(factory=time.time, eq=False)

    def __hash__(self) -> int:
        return hash((self.epoch, self.total, self.seconds))

    def __reduce__(self) -> tuple[object, ...]:
        readings = (dict(self.metrics), dict(self.resources))
        return _rebuild, (self.epoch, self.total, self.seconds, self.eta, *readings, self.fired, self.marks, self.time)


@final
@frozen
class Mark:
    """A word on the curves that was said when its epoch was over: a checkpoint, say, which is written afterwards.

    Args:
        epoch: Counted from 1, of one that was logged.
    """

    epoch: int
    text: str


def _rebuild(
    epoch: int,
    total: int,
    seconds: float,
    eta: float | None,
    metrics: dict[str, float],
    resources: dict[str, float],
    fired: tuple[Firing, ...],
    marks: tuple[str, ...],
    time: float,
) -> EpochRecord:
    return EpochRecord(
        epoch=epoch,
        total=total,
        seconds=seconds,
        eta=eta,
        metrics=metrics,
        resources=resources,
        fired=fired,
        marks=marks,
        time=time,
    )
