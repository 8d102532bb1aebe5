"""The file of results: what is kept, what is refused, and that it is never half written."""

from __future__ import annotations

import json
import os

import pytest
from attrs import evolve
from flodl_bench.cell import Cell
from flodl_bench.results import Results, read_entries
from flodl_core import UsageError

CELL = Cell(name="mlp", side="eager", epoch_times_ms=(1.0, 3.0), run_medians_ms=(2.0,), median_epoch_ms=2.0)


def test_what_is_put_in_is_there_in_the_next_call(tmp_path, setting):
    """At once, and only for the same setting."""
    file = tmp_path / "results.json"
    Results(file, setting).put(CELL)
    assert CELL == evolve(Results(file, setting).cell("mlp", "eager"), batches_per_epoch=None)
    other = Results(file, evolve(setting, batches_per_epoch=5))
    assert Cell(name="mlp", side="eager") == other.cell("mlp", "eager")


def test_entries_of_others_stay(tmp_path, setting):
    """Of other settings, with keys that we do not know; a cell replaces itself alone."""
    file = tmp_path / "results.json"
    stranger = {"name": "mlp", "median_epoch_ms": 69.0, "rounds": {"of": "another"}}
    file.write_text(json.dumps([stranger]))
    results = Results(file, setting)
    results.put(CELL)
    Results(file, evolve(setting, read_loss="batch")).put(CELL)
    Results(file, setting).put(evolve(CELL, median_epoch_ms=2.5))
    entries = json.loads(file.read_text())
    assert [stranger, ("epoch", 2.5), ("batch", 2.0)] == [
        entries[0],
        *((entry["read_loss"], entry["median_epoch_ms"]) for entry in entries[1:]),
    ]


def test_without_a_file_nothing_is_written(tmp_path, setting, monkeypatch):
    """The results live as long as the command."""
    monkeypatch.chdir(tmp_path)
    results = Results(None, setting)
    results.put(CELL)
    assert ([], CELL.median_epoch_ms) == (os.listdir(tmp_path), results.cell("mlp", "eager").median_epoch_ms)


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("", 0),
        ('{"name": "mlp", "median_epoch_ms": 1}', 1),
        ('[{"name": "mlp", "median_epoch_ms": 1}, {"name": "mlp", "error": "it was killed"}]', 2),
        ('{"name": "mlp", "median_epoch_ms": 1}\n{"name": "convnet", "median_epoch_ms": 1}\n', 2),
    ],
)
def test_files_come_in_several_forms(tmp_path, text, entries):
    """Nothing, one entry, a list, a line each."""
    file = tmp_path / "results.json"
    file.write_text(text)
    assert entries == len(read_entries(file, "here"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{half", "results.json is no JSON: .*\n  at: flodl bench --json\n  try: another file"),
        ('[{"name": "mlp", "median_epoch_ms": 1}, 3]', "entry 2 is no result: a table of values is due, got int"),
        ('{"some": "settings"}', 'entry 1 is no result: it has no "name"\n  at: .*\n  try: a file that flodl bench'),
        ("\udcff", "results.json cannot be read: it is no text"),
    ],
)
def test_a_file_of_something_else_is_left_alone(tmp_path, setting, text, message):
    """And said to be one, before anything is measured."""
    file = tmp_path / "results.json"
    file.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(UsageError, match=message):
        Results(file, setting)
    assert text.encode(errors="surrogateescape") == file.read_bytes()


def test_a_file_that_cannot_be_written_is_told_at_once(tmp_path, setting):
    """Before anything is measured."""
    with pytest.raises(UsageError, match=r"results.json cannot be written: No such file or directory"):
        Results(tmp_path / "nowhere" / "results.json", setting)


def test_a_full_disk_leaves_the_old_file_whole(tmp_path, setting, monkeypatch):
    """And nothing beside it."""
    file = tmp_path / "results.json"
    results = Results(file, setting)
    results.put(CELL)
    before = file.read_text()

    def fail(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(UsageError, match="cannot be written: No space left on device"):
        results.put(evolve(CELL, side="flodl"))
    assert (before, ["results.json"]) == (file.read_text(), os.listdir(tmp_path))
