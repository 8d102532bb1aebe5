from __future__ import annotations

import json
import math

import pytest
from flodl_monitor.history import History


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
    """16 bytes a value: 20,000 epochs of 32 metrics in about 10 MB of curves, not 40 of dicts."""
    history = History()
    metrics = {f"metric{i}": 0.5 for i in range(32)}
    for epoch in range(1, 2001):
        history.append(record(epoch, metrics=metrics))
    size = sum(c.epochs.itemsize * len(c.epochs) + c.values.itemsize * len(c.values) for c in history._all())
    assert 2000 * (32 + 2) * 16 == size
