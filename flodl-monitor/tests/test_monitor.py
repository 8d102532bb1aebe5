"""The monitor: what it takes, hands on and keeps."""

from __future__ import annotations

import copy
import csv
import gc
import io
import pickle
import sys
import threading
import time
from types import SimpleNamespace

import pytest
from flodl_core import CheckpointError, MonitorError, components, hookimpl
from flodl_core.component import SinkSpec
from flodl_monitor import Monitor
from flodl_monitor.sinks.terminal import Terminal


class Kept:
    def __init__(self):
        self.records, self.closed = [], 0

    def emit(self, record):
        self.records.append(record)

    def close(self):
        self.closed += 1


class Failing(Kept):
    def emit(self, record):
        super().emit(record)
        raise RuntimeError("disk is full")


class Blocking(Kept):
    def __init__(self):
        super().__init__()
        self.free = threading.Event()

    def emit(self, record):
        self.free.wait(10.0)
        super().emit(record)


def test_log_reaches_every_sink_in_order():
    """Epochs count from 0 in calls and from 1 in records; the ETA goes down to nothing."""
    first, second = Kept(), Kept()
    with Monitor(3, sinks=[first, second], probes=[]) as monitor:
        for epoch in range(3):
            monitor.log(epoch, 2.0, {"loss": 1 / (epoch + 1)})
    assert [1, 2, 3] == [record.epoch for record in first.records]
    assert [4.0, 2.0, None] == [record.eta for record in first.records]
    assert first.records == second.records
    assert list(monitor.history()) == [r.__class__(**{**_fields(r), "eta": None}) for r in first.records]


def _fields(record):
    return {name: getattr(record, name) for name in ("epoch", "total", "seconds", "metrics", "resources", "time")}


@pytest.mark.parametrize("value", [0.5, "tensor", "array"])
def test_metrics_may_be_tensors(value, device):
    """Floats, 0-d tensors, numpy scalars: one number each."""
    torch, numpy = pytest.importorskip("torch"), pytest.importorskip("numpy")
    value = {"tensor": torch.tensor(0.5, device=device), "array": numpy.float32(0.5)}.get(value, value)
    kept = Kept()
    with Monitor(1, sinks=[kept], probes=[]) as monitor:
        monitor.record("recorded", value)
        monitor.log(0, 0.5, {"logged": value})
    assert {"logged": 0.5, "recorded": 0.5} == dict(kept.records[0].metrics)


def test_metrics_come_from_graphs_and_steps():
    """A graph's latest, a step's model's, one with extras, a plain module that has none, nothing."""
    graph = SimpleNamespace(latest_metrics=lambda: {"encoder.loss": 0.5})
    step = SimpleNamespace(model=graph, end_epoch=dict)
    plain = SimpleNamespace(parameters=list)
    kept = Kept()
    with Monitor(5, sinks=[kept], probes=[]) as monitor:
        for epoch, metrics in enumerate([graph, step, (graph, {"val": 2}), plain, None]):
            monitor.log(epoch, 0.5, metrics)
    expected = [{"encoder.loss": 0.5}, {"encoder.loss": 0.5}, {"encoder.loss": 0.5, "val": 2.0}, {}, {}]
    assert expected == [dict(record.metrics) for record in kept.records]


def test_nothing_raises_into_training(capsys):
    """Each odd thing is left out and said once; the rest of the epoch is logged."""
    kept = Kept()
    with Monitor(9, sinks=[kept], probes=[]) as monitor:
        for epoch in range(3):
            monitor.record("word", "high")
            monitor.record("weighed", 1.0, weight=-1)
            monitor.log(epoch, 0.5, {"good": 1.0, "bad": "high", "worse": [1, 2]})
        monitor.log("first", 0.5)
        monitor.log(3, None)
        monitor.log(4, 0.5, 7.0)
    assert [(1, {"good": 1.0}), (2, {"good": 1.0}), (3, {"good": 1.0}), (5, {})] == [
        (record.epoch, dict(record.metrics)) for record in kept.records
    ]
    lines = capsys.readouterr().err.splitlines()
    assert all(line.startswith("flodl-monitor: ") for line in lines)
    for said in ("'word' is left out", "'weighed' is left out", "'bad' is left out", "'worse' is left out"):
        assert 1 == sum(said in line for line in lines)
    assert 1 == sum("metrics are a mapping" in line for line in lines)
    assert 1 == sum("an epoch could not be logged" in line for line in lines)


def test_failing_sink_is_named_once_and_dropped(capsys, monkeypatch):
    """With its distribution; the others get everything; it is closed all the same."""
    failing, kept = Failing(), Kept()
    monkeypatch.setitem(sys.modules, "acme_sinks", SimpleNamespace(Failing=Failing))
    spec = SinkSpec(name="explosive", target="acme_sinks:Failing", summary="Fails.")
    components.register(SimpleNamespace(flodl_sinks=hookimpl(lambda: [spec])))
    with Monitor(5, sinks=["explosive", failing, kept], probes=[]) as monitor:
        for epoch in range(5):
            monitor.log(epoch, 0.5)
    err = capsys.readouterr().err
    assert 1 == err.count("sink session/explosive failed and is dropped, the others go on (RuntimeError: disk is full)")
    assert 2 == len(err.splitlines())
    assert 5 == len(kept.records)
    assert (1, 1) == (len(failing.records), failing.closed)


def test_blocking_sink_slows_nobody(capsys):
    """It hangs for ten seconds: training goes on, the terminal is up to date, finish() gives up in time."""
    blocking, out = Blocking(), io.StringIO()
    monitor = Monitor(200, sinks=[blocking, Terminal(out)], probes=[])
    began = time.monotonic()
    for epoch in range(200):
        monitor.log(epoch, 0.5, {"loss": 0.5})
    logged = time.monotonic()
    monitor.finish(timeout=0.5)
    finished = time.monotonic()
    blocking.free.set()
    assert logged - began < 1.0
    assert finished - logged < 1.5
    assert 201 == len(out.getvalue().splitlines())
    err = capsys.readouterr().err
    assert "/Blocking is still busy after 0.5 s: 200 records or so are given up" in err


def test_finish_waits_for_slow_sinks():
    """All that was logged is written before finish() returns."""
    kept = Kept()
    kept.emit = lambda record: (time.sleep(0.01), kept.records.append(record))
    with Monitor(20, sinks=[kept], probes=[]) as monitor:
        for epoch in range(20):
            monitor.log(epoch, 0.5)
    assert 20 == len(kept.records)


def test_finish_leaves_no_thread_behind():
    """Neither does it run twice."""
    before = set(threading.enumerate())
    kept = Kept()
    monitor = Monitor(1, sinks=[kept, kept.__class__()])
    monitor.log(0, 0.5)
    assert len(set(threading.enumerate()) - before) >= 3
    monitor.finish()
    monitor.finish()
    for thread in set(threading.enumerate()) - before:
        thread.join(2.0)
    assert before == set(threading.enumerate())
    assert 1 == kept.closed


def test_log_after_finish_is_said_and_ignored(capsys):
    """Once, however often it happens."""
    kept = Kept()
    monitor = Monitor(2, sinks=[kept], probes=[])
    monitor.finish()
    monitor.log(0, 0.5)
    monitor.log(1, 0.5)
    assert [] == kept.records
    assert "flodl-monitor: log() after finish() does nothing\n" == capsys.readouterr().err


def test_forgotten_monitor_closes_its_sinks():
    """Dropped without finish(): what was logged is written all the same."""
    kept = Kept()
    monitor = Monitor(2, sinks=[kept], probes=[])
    monitor.log(0, 0.5)
    del monitor
    gc.collect()
    assert (1, 1) == (len(kept.records), kept.closed)


def test_state_resumes_numbering_eta_and_curves():
    """A second process goes on where the first one was."""
    first = Monitor(10, sinks=[], probes=[])
    for epoch in range(5):
        first.log(epoch, 2.0, {"loss": 1 / (epoch + 1)})
    first.finish()
    kept = Kept()
    with Monitor(10, sinks=[kept], probes=[]) as second:
        second.load_state_dict(first.state_dict())
        for epoch in second.epochs():
            if epoch == 7:
                break
    assert [6, 7] == [record.epoch for record in kept.records]
    assert 8.0 == kept.records[0].eta  # the median is still the first one's two seconds
    assert [1, 2, 3, 4, 5, 6, 7] == [record.epoch for record in second.history()]


def test_state_of_a_later_epoch_is_cut():
    """Resumed from an older checkpoint than the monitor's: the epochs run again replace those before."""
    first = Monitor(10, sinks=[], probes=[])
    for epoch in range(5):
        first.log(epoch, 2.0, {"loss": 1.0})
    with Monitor(10, sinks=[], probes=[]) as second:
        second.load_state_dict(first.state_dict())
        second.log(2, 2.0, {"loss": 0.0})
    assert [(1, 1.0), (2, 1.0), (3, 0.0)] == [(r.epoch, r.metrics["loss"]) for r in second.history()]
    first.finish()


@pytest.mark.parametrize("state", [{}, {"epoch": "x"}, {"epoch": 1, "recent": [], "history": {}}, None])
def test_damaged_state_changes_nothing(state):
    """It is refused whole."""
    monitor = Monitor(10, sinks=[], probes=[])
    monitor.log(0, 0.5)
    with pytest.raises(ValueError, match="no monitor's state"):
        monitor.load_state_dict(state)
    assert 1 == len(monitor.history())
    monitor.finish()


def test_export_csv_has_the_union_of_columns(tmp_path):
    """Also after the end, also without any epoch."""
    with Monitor(3, sinks=[], probes=[]) as monitor:
        monitor.export_csv(tmp_path / "empty.csv")
        monitor.log(0, 0.5, {"loss": 0.5})
        monitor.log(1, 0.5, {"val": 0.25})
    with monitor.export_csv(tmp_path / "run.csv").open(newline="") as file:
        assert [
            {"epoch": "1", "seconds": "0.5", "loss": "0.5", "val": ""},
            {"epoch": "2", "seconds": "0.5", "loss": "", "val": "0.25"},
        ] == list(csv.DictReader(file))
    assert "epoch,seconds\n" == (tmp_path / "empty.csv").read_text()


@pytest.mark.parametrize("total", [-1, 1.5, "10", None, True])
def test_total_is_a_count(total):
    """Said in three lines, not found out at the end."""
    with pytest.raises(MonitorError, match="total_epochs: epochs are counted"):
        Monitor(total, sinks=[], probes=[])


def test_every_record_knows_the_machine():
    """CPU and RAM from the second sample on; the same keys as long as the probes live."""
    kept = Kept()
    with Monitor(2, sinks=[kept]) as monitor:
        monitor.log(0, 0.1)
        time.sleep(0.3)
        monitor.log(1, 0.1)
    assert {"ram_used", "ram_total"} <= set(kept.records[0].resources)
    assert "cpu_percent" in kept.records[1].resources


def test_the_means_of_an_open_epoch_travel():
    """What was recorded before the state was taken counts in the epoch that goes on, tensors to the last bit."""
    torch = pytest.importorskip("torch")
    whole, first, second = (Monitor(2, sinks=[], probes=[]) for _ in range(3))
    values = [torch.tensor(value) for value in (0.1, 0.7, 0.3)]
    for monitor, part in ((whole, values), (first, values[:2])):
        for value in part:
            monitor.record("loss", value, weight=3)
    second.load_state_dict(first.state_dict())
    for _ in second.epochs():
        second.record("loss", values[2], weight=3)
        break
    whole.log(0, 1.0)
    second.log(0, 1.0)
    assert whole.history()[0].metrics == second.history()[0].metrics


def test_listeners_hear_of_closed_epochs():
    """After the log, with what was logged; an epoch that is broken off is none."""
    heard = []
    monitor = Monitor(3, sinks=[], probes=[])
    monitor.listeners.append(lambda moment, metrics: heard.append((moment, dict(metrics), len(monitor.history()))))
    for epoch in monitor.epochs():
        monitor.record("loss", float(epoch))
        if epoch == 2:
            break
    assert [("epoch", {"loss": 0.0}, 1), ("epoch", {"loss": 1.0}, 2)] == heard


@pytest.mark.parametrize("timeout", [None, "5", -1, float("nan")])
def test_a_wait_is_a_number_of_seconds(timeout, tmp_path):
    """Said at once, and the monitor can still be finished."""
    monitor = Monitor(2, sinks=[("csv", {"path": tmp_path / "run.csv"})], probes=[])
    monitor.log(0, 0.5, {"loss": 0.5})
    with pytest.raises(MonitorError, match="finish\\(\\) waits a number of seconds, got"):
        monitor.finish(timeout)
    monitor.finish(float("inf"))
    assert "1,0.5,0.5" in (tmp_path / "run.csv").read_text()


def test_an_epoch_past_the_last_is_told(capfd):
    """Who counts from 1 finds out, once; the epoch is logged."""
    with Monitor(2, sinks=[], probes=[]) as monitor:
        for epoch in (1, 2, 3):
            monitor.log(epoch, 0.5)
    assert "flodl-monitor: epoch 3 of 2 is logged: log() counts them from 0\n" == capfd.readouterr().err
    assert [2, 3, 4] == [record.epoch for record in monitor.history()]


@pytest.mark.parametrize("epochs", [[2, 1], [0], [10**30]])
def test_epochs_of_a_state_ascend(epochs):
    """Those of a file that somebody wrote by hand may not."""
    with Monitor(3, sinks=[], probes=[]) as monitor:
        state = monitor.state_dict()
        state["history"]["metrics"]["loss"] = {"epochs": epochs, "values": [0.0] * len(epochs)}
        with pytest.raises(CheckpointError, match="no monitor's state"):
            monitor.load_state_dict(state)
        with pytest.raises(CheckpointError, match="no monitor's state"):
            monitor.load_state_dict({**state, "epoch": -1})


def test_seconds_that_are_no_number(capfd):
    """The message says what it is that is wrong."""
    with Monitor(2, sinks=[], probes=[]) as monitor:
        monitor.log(0, None)
    assert "could not be logged (MonitorError: its seconds are a number, got None)" in capfd.readouterr().err


@pytest.mark.parametrize("travel", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_monitor_stays_where_it_is(travel):
    """Its threads and files cannot go with it; the message tells what can."""
    with (
        Monitor(1, sinks=[], probes=[]) as monitor,
        pytest.raises(MonitorError, match="stays in its process") as caught,
    ):
        travel(monitor)
    assert "monitor.state_dict() travels" == caught.value.mend
