"""Sinks and probes as a user gives them."""

from __future__ import annotations

import csv
import threading
from types import SimpleNamespace

import pytest
from flodl_core import ComponentError, MonitorError, UnknownComponent, components, ref
from flodl_monitor import Monitor
from flodl_monitor.sinks.csv import Csv


class Kept:
    """A sink of a user's own."""

    def __init__(self):
        self.records, self.closed = [], 0

    def emit(self, record):
        self.records.append(record)

    def close(self):
        self.closed += 1


def test_a_sink_may_be_given_in_any_form(tmp_path):
    """An object, a name, a ref, a pair, a table: each is a reference."""
    kept = Kept()
    sinks = [
        kept,
        "terminal",
        ref("csv", path=str(tmp_path / "ref.csv")),
        ("csv", {"path": tmp_path / "pair.csv"}),
        {"use": "csv", "path": str(tmp_path / "table.csv")},
        ("flodl-monitor/jsonl", {"path": tmp_path / "log.jsonl"}),
        Csv(tmp_path / "object.csv"),
    ]
    with Monitor(1, sinks=sinks, probes=[]) as monitor:
        monitor.log(0, 0.5, {"loss": 0.25})
    assert [1] == [record.epoch for record in kept.records]
    assert 1 == kept.closed
    for name in ("ref", "pair", "table", "object"):
        with (tmp_path / f"{name}.csv").open(newline="") as file:
            assert [{"epoch": "1", "seconds": "0.5", "loss": "0.25"}] == list(csv.DictReader(file))
    assert (tmp_path / "log.jsonl").exists()


@pytest.mark.parametrize("sinks", ["terminal", ref("terminal"), {"use": "terminal"}, ["terminal"]])
def test_a_single_sink_needs_no_list(sinks, capsys):
    """A lone name is not taken letter by letter."""
    with Monitor(1, sinks=sinks, probes=[]) as monitor:
        monitor.log(0, 0.5)
    assert "  epoch 1/1  [500ms]" in capsys.readouterr().err


def test_unknown_names_are_answered_by_the_registry():
    """With a suggestion, before anything was started."""
    before = threading.active_count()
    with pytest.raises(UnknownComponent, match="'terminal'"):
        Monitor(1, sinks=["terminl"])
    with pytest.raises(UnknownComponent, match="no probe is called 'cpuu'"):
        Monitor(1, probes=["cpuu"])
    assert before == threading.active_count()


@pytest.mark.parametrize("sink", [object(), Kept, 3, None])
def test_what_is_no_sink_is_refused(sink):
    """A thing without emit, a class that was not called, a number."""
    with pytest.raises((MonitorError, ComponentError), match="sink"):
        Monitor(1, sinks=[sink], probes=[])


def test_wrong_arguments_are_refused(tmp_path):
    """At once; a sink made before it is closed again."""
    kept = Kept()
    with pytest.raises(ComponentError, match="pth"):
        Monitor(1, sinks=[kept, ("csv", {"pth": tmp_path / "run.csv"})], probes=[])
    with pytest.raises(ComponentError, match="path"):
        Monitor(1, sinks=[kept, "csv"], probes=[])
    with pytest.raises(MonitorError, match="no ordinary file"):
        Monitor(1, sinks=[kept, ref("csv", path=str(tmp_path))], probes=[])
    assert 3 == kept.closed


def test_probes_may_be_objects_too():
    """Their readings are in every record; a probe that is none is refused."""
    probe = SimpleNamespace(sample=lambda: {"fan_rpm": 900}, close=lambda: None)
    kept = Kept()
    with Monitor(1, sinks=[kept], probes=[probe, "ram"]) as monitor:
        monitor.log(0, 0.5)
    assert 900.0 == kept.records[0].resources["fan_rpm"]
    assert "ram_total" in kept.records[0].resources
    with pytest.raises(MonitorError, match="a probe has sample"):
        Monitor(1, sinks=[], probes=[object()])


def test_own_components_arrive_through_the_hooks():
    """Delete flodl_monitor.builtin and nothing is called "terminal"."""
    origins = {
        c.name: (c.origin.distribution, c.origin.entry_point) for c in components.list("sink") if c.origin.builtin
    }
    assert {"terminal", "csv", "jsonl"} <= set(origins)
    assert {("flodl-monitor", "monitor")} == set(origins.values())
    assert {"cpu", "ram", "gpu"} <= {c.name for c in components.list("probe")}


def test_two_sinks_of_one_file_are_refused(tmp_path):
    """Each would spoil what the other wrote; however the path is spelled."""
    (tmp_path / "runs").mkdir()
    sinks = [("csv", {"path": tmp_path / "run.txt"}), ("jsonl", {"path": tmp_path / "runs" / ".." / "run.txt"})]
    with pytest.raises(MonitorError, match="the sinks flodl-monitor/csv and flodl-monitor/jsonl would both write"):
        Monitor(1, sinks=sinks, probes=[])
