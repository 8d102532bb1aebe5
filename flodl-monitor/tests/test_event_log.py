"""The event log: written, read, cut short."""

from __future__ import annotations

import json
import math

import pytest
from flodl_core import MonitorError
from flodl_monitor import read_event_log
from flodl_monitor.event_log import epoch_line, finish_line, run_line


def test_log_gives_back_the_records(record, tmp_path):
    """Written and read: equal, NaN and infinities included."""
    odd = {"nan": math.nan, "inf": math.inf, "minus": -math.inf, "tiny": 5e-324, "third": 1 / 3}
    rows = [record(1, eta=1.5, metrics=odd, time=3.0), record(2, resources={"cpu_percent": 5.0})]
    path = tmp_path / "run.jsonl"
    path.write_text(run_line(rows[0]) + "".join(map(epoch_line, rows)) + finish_line(2, 9.0))
    assert [repr(row) for row in rows] == [repr(row) for row in read_event_log(path)]


def test_lines_are_strict_json(record):
    """Any reader of JSON takes them: no bare NaN."""
    line = epoch_line(record(metrics={"loss": math.nan, "max": -math.inf}))
    assert {"loss": "NaN", "max": "-Infinity"} == json.loads(line, parse_constant=pytest.fail)["metrics"]


def test_log_with_hostile_names(record, hostile_names):
    """One line each, whatever the names hold; the json module gives them back."""
    metrics = {name: float(i) for i, name in enumerate(hostile_names)}
    line = epoch_line(record(metrics=metrics))
    assert 1 == len(line.splitlines())
    assert metrics == json.loads(line)["metrics"]


def test_torn_last_line_is_left_out(record, tmp_path):
    """What a crash cut short was never logged."""
    path = tmp_path / "run.jsonl"
    path.write_text(run_line(record()) + epoch_line(record(1)) + epoch_line(record(2))[:-7])
    assert [1] == [row.epoch for row in read_event_log(path)]


def test_resumed_epochs_replace_those_before(record, tmp_path):
    """Epochs 3 and 4 were lost with the process, 3 is run again: 4 is gone."""
    path = tmp_path / "run.jsonl"
    rows = [record(epoch) for epoch in (1, 2, 3, 4)]
    again = record(3, seconds=9.0)
    path.write_text(run_line(rows[0]) + "".join(map(epoch_line, rows)) + run_line(again) + epoch_line(again))
    assert [(1, 0.5), (2, 0.5), (3, 9.0)] == [(row.epoch, row.seconds) for row in read_event_log(path)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}\n", "this line is no event"),
        ("[1]\n", "this line is no event"),
        ("not json\n", "this line is no event"),
        ('{"event": "epoch", "epoch": 1}\n', "begins with a run line"),
        ('{"event": "run", "schema": 99, "from": 1}\n', "has schema 99"),
    ],
)
def test_other_files_are_refused(text, message, tmp_path):
    """The line is named."""
    path = tmp_path / "run.jsonl"
    path.write_text(text)
    with pytest.raises(MonitorError, match=message) as error:
        read_event_log(path)
    assert f"{path}:1" == error.value.where
