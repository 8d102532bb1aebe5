"""What a monitor was given of an epoch reaches a source that decides by metrics, when the epoch ends."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from flodl_monitor import Monitor


class Deciding:
    """As a training step: `end_epoch` takes metrics, and gives all there are."""

    def __init__(self, own: Mapping[str, float]) -> None:
        self.own, self.seen, self.epoch = own, [], 0

    def end_epoch(self, metrics: Mapping[str, float] | None = None) -> dict[str, float]:
        self.epoch += 1
        self.seen.append(metrics)
        return {**self.own, **(metrics or {})}


class Alone:
    """As a graph: `end_epoch` takes nothing."""

    def end_epoch(self) -> dict[str, float]:
        return {"loss": 1.0}


def test_means_are_handed_to_who_takes_metrics() -> None:
    """Those of this epoch alone; none where none was recorded."""
    source = Deciding({"loss": 1.0})
    with Monitor(3, sinks=[]) as monitor:
        for epoch in monitor.epochs(source):
            if epoch < 2:
                monitor.record("val_loss", 2.0 + epoch, weight=1)
                monitor.record("val_loss", 5.0 + epoch, weight=2)
    assert [{"val_loss": 4.0}, {"val_loss": 5.0}, None] == source.seen
    shown = [{"loss": 1.0, "val_loss": 4.0}, {"loss": 1.0, "val_loss": 5.0}, {"loss": 1.0}]
    assert shown == [dict(record.metrics) for record in monitor.history()]


@pytest.mark.parametrize("source", [Alone(), None])
def test_others_are_asked_as_ever(source: object) -> None:
    """What they do not take is logged beside what they give."""
    with Monitor(1, sinks=[]) as monitor:
        for _ in monitor.epochs(source):
            monitor.record("val_loss", 2.0)
    assert {"val_loss": 2.0} == {k: v for k, v in monitor.history()[0].metrics.items() if k != "loss"}
