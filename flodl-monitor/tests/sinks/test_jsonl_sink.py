"""The event log as a sink."""

from __future__ import annotations

import json

from flodl_monitor import read_event_log
from flodl_monitor.sinks.jsonl import Jsonl


def events_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_jsonl_opens_with_its_schema_and_closes_with_finish(record, tmp_path):
    """Run, epochs, finish; nothing is written before the first epoch."""
    path = tmp_path / "run.jsonl"
    sink = Jsonl(path)
    assert not path.exists()
    sink.emit(record(1, metrics={"loss": 0.5}))
    assert 2 == len(events_of(path))
    sink.emit(record(2))
    sink.close()
    events = events_of(path)
    assert ["run", "epoch", "epoch", "finish"] == [event["event"] for event in events]
    assert 1 == events[0]["schema"]
    assert 2 == events[-1]["epochs"]


def test_jsonl_goes_on_after_a_crash(record, tmp_path):
    """A resumed run appends after the last whole line; the epochs read are those that count."""
    path = tmp_path / "run.jsonl"
    first = Jsonl(path)
    for epoch in (1, 2, 3):
        first.emit(record(epoch))
    first._file.close()  # without the last line that close() writes
    with path.open("a") as file:
        file.write('{"event": "epo')
    second = Jsonl(path)
    second.emit(record(3, seconds=9.0))
    second.close()
    assert [(1, 0.5), (2, 0.5), (3, 9.0)] == [(row.epoch, row.seconds) for row in read_event_log(path)]


def test_jsonl_keeps_an_earlier_run(record, tmp_path):
    """A run that begins anew does not write over the one before."""
    path = tmp_path / "run.jsonl"
    path.write_text("earlier\n")
    sink = Jsonl(path)
    sink.emit(record(1))
    sink.close()
    assert "earlier\n" == (tmp_path / "run.previous.jsonl").read_text()
    assert [1] == [row.epoch for row in read_event_log(path)]
