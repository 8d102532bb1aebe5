"""The files in pandas, where it is installed: numbers are numbers, whatever the names."""

from __future__ import annotations

import json
import math

import pytest
from flodl_monitor.sinks.csv import Csv
from flodl_monitor.sinks.jsonl import Jsonl

pandas = pytest.importorskip("pandas", reason="no pandas here: pip install pandas")

NAMES = (
    "comma,separated",
    'say "hi"',
    "new\nline",
    "crlf\r\nboth",
    "carriage\rreturn",
    "größe 🔥",
    "=cmd|'!A0",
    "#note",
)


def emit(sink, record) -> None:
    """Five epochs, metrics that begin late and stop early, NaN and infinities."""
    for epoch in range(1, 6):
        metrics = {
            "loss": 1 / epoch,
            **({"val": 1e-30} if epoch in (2, 3) else {}),
            **dict.fromkeys(NAMES, epoch + 0.5),
        }
        sink.emit(record(epoch, metrics={**metrics, "odd": (math.nan, math.inf, -math.inf, 0.0, 1e300)[epoch - 1]}))
    sink.close()


def test_csv_in_pandas(record, tmp_path):
    """Every column but the epoch's is of floats; a gap is NaN."""
    emit(Csv(tmp_path / "run.csv"), record)
    table = pandas.read_csv(tmp_path / "run.csv")
    assert ["epoch", "seconds", "loss", *NAMES, "odd", "val"] == list(table.columns)
    assert ["int64"] + ["float64"] * (len(NAMES) + 4) == [str(kind) for kind in table.dtypes]
    assert pytest.approx([1 / epoch for epoch in range(1, 6)], rel=1e-15) == list(table["loss"])
    assert [2, 3] == list(table["epoch"][table["val"].notna()])
    assert [math.inf, -math.inf, 0.0, 1e300] == list(table["odd"][1:])
    assert all([1.5, 2.5, 3.5, 4.5, 5.5] == list(table[name]) for name in NAMES)


def test_jsonl_in_pandas(record, tmp_path):
    """A line a row; the metrics of the epochs come apart by name."""
    emit(Jsonl(tmp_path / "run.jsonl"), record)
    table = pandas.read_json(tmp_path / "run.jsonl", lines=True)
    assert ["run", *["epoch"] * 5, "finish"] == list(table["event"])
    events = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines()]
    epochs = pandas.json_normalize([event for event in events if event["event"] == "epoch"]).set_index("epoch")
    assert [1 / epoch for epoch in range(1, 6)] == list(epochs["metrics.loss"])
    assert [4.5] == [epochs.loc[4, "metrics.comma,separated"]]
    assert ["NaN", "Infinity", "-Infinity", 0.0, 1e300] == list(epochs["metrics.odd"])
