"""Curves in columns, and the records they came from."""

from __future__ import annotations

import json
import math
from array import array

import pytest
from flodl_monitor.history import Curve, History


def filled(record) -> History:
    history = History()
    for epoch in range(1, 7):
        metrics = {"loss": 1 / epoch, **({"val": math.nan} if epoch % 3 == 0 else {})}
        history.append(record(epoch, metrics=metrics, resources={"ram_used": 7.0}))
    return history


def test_history_gives_back_what_was_logged(record):
    """The same records, the sparse metric at its own epochs."""
    rows = list(filled(record).records(10))
    assert [record(1, metrics={"loss": 1.0}, resources={"ram_used": 7.0})] == rows[:1]
    assert [3, 6] == [row.epoch for row in rows if "val" in row.metrics]
    assert [3, 6] == list(filled(record).metrics["val"].epochs)


def test_history_survives_json(record):
    """NaN included; the state is plain data."""
    other = History()
    other.load_state_dict(json.loads(json.dumps(filled(record).state_dict(), allow_nan=False)))
    assert [repr(row) for row in filled(record).records(10)] == [repr(row) for row in other.records(10)]


def test_history_forgets_what_is_run_again(record):
    """Cut at 3, every curve ends before it."""
    history = filled(record)
    history.cut(3)
    assert 2 == len(history)
    assert [1, 2] == [row.epoch for row in history.records(10)]
    assert [] == list(history.metrics["val"].epochs)


def test_history_loads_whole_or_not_at_all(record):
    """A damaged state changes nothing."""
    history, state = filled(record), filled(record).state_dict()
    state["metrics"]["loss"]["values"].pop()
    with pytest.raises(ValueError, match="as many epochs as values"):
        history.load_state_dict(state)
    assert 6 == len(history)


def test_history_is_small(record):
    """8 bytes a value where no epoch is left out: 100,000 epochs of 32 metrics in 28 MB."""
    history = History()
    metrics = {f"metric{i}": 0.5 for i in range(32)}
    for epoch in range(1, 2001):
        history.append(record(epoch, metrics=metrics))
    assert {range(1, 2001)} == {curve.epochs for curve in history._all()}
    assert 2000 * (32 + 2) * 8 == sum(curve.values.itemsize * len(curve.values) for curve in history._all())


@pytest.mark.parametrize("epochs", [[], [4], [1, 2, 3], [3, 6, 9], [1, 2, 4], [2, 3, 7, 8]])
def test_a_curve_has_its_epochs_with_gaps_and_without(epochs):
    """However it came by them, and after a cut at each of them."""
    grown = Curve()
    for epoch in epochs:
        grown.append(epoch, epoch / 2)
    made = Curve(array("q", epochs), array("d", [epoch / 2 for epoch in epochs]))
    for curve in (grown, made, made.copy()):
        assert epochs == list(curve.epochs)
        assert [epoch / 2 for epoch in epochs] == list(curve.values)
    for end in (*epochs, 99):
        shorter = made.copy()
        shorter.cut(end)
        shorter.append(99, 0.0)
        assert [*(epoch for epoch in epochs if epoch < end), 99] == list(shorter.epochs)
