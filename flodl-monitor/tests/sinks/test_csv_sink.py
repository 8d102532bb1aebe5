"""The table as a file that grows."""

from __future__ import annotations

import csv

import pytest
from flodl_core import MonitorError
from flodl_monitor.sinks.csv import Csv


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_csv_has_the_union_of_columns(record, tmp_path):
    """A metric that comes later gets a column of its own; nothing shifts."""
    path = tmp_path / "run.csv"
    sink = Csv(path)
    sink.emit(record(1, metrics={"loss": 0.5}, resources={"ram_used": 7.0}))
    sink.emit(record(2, metrics={"val": 0.25, "loss": 0.125}))
    sink.emit(record(3, metrics={"loss": 0.0625}, resources={"ram_used": 8.0}))
    sink.close()
    expected = (
        "epoch,seconds,loss,ram_used,val\n"
        "1,0.5,0.5,7.0,\n"
        "2,0.5,0.125,,0.25\n"
        "3,0.5,0.0625,8.0,\n"
    )  # fmt: skip
    assert expected == path.read_text()


def test_csv_is_whole_after_every_record(record, tmp_path):
    """No close is needed for a row to be there."""
    path = tmp_path / "run.csv"
    sink = Csv(path)
    for epoch in range(1, 8):
        sink.emit(record(epoch, metrics={"loss": 0.5, f"extra{epoch // 3}": 1.0}))
        rows = rows_of(path)
        assert [str(n) for n in range(1, epoch + 1)] == [row["epoch"] for row in rows]
        assert all(None not in row and None not in row.values() for row in rows)
    sink.close()


def test_csv_with_hostile_names(record, tmp_path, hostile_names):
    """Appearing one after the other, so that the file is rewritten each time; all read back."""
    path = tmp_path / "run.csv"
    sink = Csv(path)
    names = [name.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00") for name in hostile_names]
    for epoch in range(1, len(names) + 1):
        sink.emit(record(epoch, metrics=dict.fromkeys(names[:epoch], epoch + 0.5)))
    sink.close()
    last = rows_of(path)[-1]
    for name in names:
        assert len(names) + 0.5 == float(last[f"metrics.{name}" if name in ("epoch", "seconds") else name])


def test_csv_keeps_an_earlier_run(record, tmp_path):
    """A run that begins anew does not write over the one before."""
    path = tmp_path / "run.csv"
    path.write_text("somebody's data\n")
    sink = Csv(path)
    sink.emit(record(1))
    sink.close()
    assert "somebody's data\n" == (tmp_path / "run.previous.csv").read_text()
    assert ["1"] == [row["epoch"] for row in rows_of(path)]


def test_csv_goes_on_after_a_crash(record, tmp_path):
    """Resumed at epoch 3: the rows before stay, later ones and a torn line go, columns keep their places."""
    path = tmp_path / "run.csv"
    path.write_text("epoch,seconds,loss\n1,0.5,0.9\n2,0.5,0.8\n3,0.5,0.7\n4,0.5,0.6\n5,0.")
    sink = Csv(path)
    sink.emit(record(3, metrics={"val": 0.1, "loss": 0.75}))
    sink.close()
    assert "epoch,seconds,loss,val\n1,0.5,0.9,\n2,0.5,0.8,\n3,0.5,0.75,0.1\n" == path.read_text()


def test_csv_does_not_go_on_in_a_foreign_file(record, tmp_path):
    """Resumed, but the file is no table of epochs: it is set aside, not destroyed."""
    path = tmp_path / "run.csv"
    path.write_text("name,price\nbolt,3\n")
    sink = Csv(path)
    sink.emit(record(3))
    sink.close()
    assert "name,price\nbolt,3\n" == (tmp_path / "run.previous.csv").read_text()
    assert ["3"] == [row["epoch"] for row in rows_of(path)]


def test_csv_reads_into_pandas_types(record, tmp_path):
    """NaN and infinities in the spelling that float() and pandas take; blanks where nothing was logged."""
    path = tmp_path / "run.csv"
    sink = Csv(path)
    sink.emit(record(1, metrics={"nan": float("nan"), "inf": float("-inf")}))
    sink.emit(record(2, metrics={"tiny": 3e-9}))
    sink.close()
    first, second = rows_of(path)
    assert ("nan", "-inf", "") == (first["nan"], first["inf"], first["tiny"])
    assert 3e-9 == float(second["tiny"])


def test_csv_refuses_what_it_cannot_write(tmp_path):
    """Before training, not after its first epoch."""
    with pytest.raises(MonitorError, match="no ordinary file"):
        Csv(tmp_path)
