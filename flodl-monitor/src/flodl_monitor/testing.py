"""What sinks promise to a monitor: checks that `flodl exercise` adds to their suite, and plugin authors too."""

from __future__ import annotations

import math
from collections.abc import Mapping

from flodl_core.testing import Check, Subject

from flodl_monitor.record import EpochRecord


def takes_records(subject: Subject) -> None:
    """Records of a run as they come: metrics that begin late, NaN, readings that go away, an odd name."""
    sink = subject.make()
    for record in _run():
        sink.emit(record)
    sink.close()


def survives(subject: Subject) -> None:
    """Another one at the same place, after a run that was never closed."""
    first = subject.make()
    first.emit(_run()[0])
    del first
    second = subject.make()
    for record in _run()[1:]:
        second.emit(record)
    second.close()


CHECKS: Mapping[str, tuple[Check, ...]] = {
    "sink": (
        Check("records", "It takes the records of a run, NaN, late metrics and odd names among them.", takes_records),
        Check("again", "It takes up where a run that was never closed has left its place.", survives),
    )
}
"""By kind: hand them to `flodl_core.testing.exercise(..., more=CHECKS)`."""


def _run() -> list[EpochRecord]:
    return [
        EpochRecord(epoch=1, total=3, seconds=0.5, eta=1.0, metrics={"loss": 0.7}, resources={"cpu": 12.5}, time=1.0),
        EpochRecord(epoch=2, total=3, seconds=0.5, eta=0.5, metrics={"loss": math.nan, "val.acc": 0.5}, time=2.0),
        EpochRecord(epoch=3, total=3, seconds=0.5, metrics={"loss": math.inf, "größe, <b>": -1e-30}, time=3.0),
    ]
