"""What the page is given."""

from __future__ import annotations

import json
import math

import pytest
from flodl_monitor.history import History
from flodl_monitor.web.payload import history_of, payload_of


def through_json(history: History) -> History:
    payload = payload_of(history, title="t", total=9, finished=True)
    return history_of(json.loads(json.dumps(payload, allow_nan=False)))


def test_payload_gives_the_history_back(record):
    """Sparse curves at their own epochs, NaN and infinities; numbers to seven digits."""
    history = History()
    for epoch in range(3, 9):
        metrics = {"loss": 1 / epoch, **({"val": math.nan if epoch == 6 else -math.inf} if epoch % 3 == 0 else {})}
        history.append(record(epoch, metrics=metrics, resources={"ram_used": 25276510208.0}, time=1.7e9 + epoch / 7))
    for before, after in zip(history.records(9), through_json(history).records(9), strict=True):
        assert before.epoch == after.epoch
        assert before.time == pytest.approx(after.time, abs=1e-3)
        assert dict(before.metrics) == pytest.approx(dict(after.metrics), rel=1e-7, nan_ok=True)
        assert dict(before.resources) == pytest.approx(dict(after.resources), rel=1e-7)


@pytest.mark.parametrize("value", [1e300, 5e-324, -1e39, 1e-40])
def test_payload_keeps_what_32_bits_cannot_hold(record, value):
    """Such a curve has 64."""
    history = History()
    history.append(record(1, metrics={"odd": value}))
    assert value == through_json(history).metrics["odd"].values[0]


def test_payload_of_nothing():
    """A run before its first epoch."""
    assert 0 == len(through_json(History()))


@pytest.mark.parametrize(
    "damage",
    [
        lambda payload: payload.update(schema=99),
        lambda payload: payload["curves"][0].update(epochs=[1, 10**12]),
        lambda payload: payload["curves"][0].update(values="not base64!"),
        lambda payload: payload["curves"][0].update(values="AAA="),
        lambda payload: payload.pop("curves"),
    ],
)
def test_damaged_payload_is_refused(record, damage):
    """Also one that claims a million million epochs, without making room for them."""
    history = History()
    history.append(record(1))
    payload = payload_of(history, title="t", total=9, finished=True)
    damage(payload)
    with pytest.raises((ValueError, LookupError, TypeError)):
        history_of(payload)
