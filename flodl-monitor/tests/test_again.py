"""Epochs that are run again within one program: after a rollback, or in a notebook's second try."""

from __future__ import annotations

import csv
import gc
import json
import subprocess
import sys

import pytest
from flodl_monitor import EpochRecord, Monitor, read_event_log
from flodl_monitor.web.page import history_in

KINDS = ("csv", "jsonl", "html")


class Step:
    """Trains nothing; its losses tell which try they are of."""

    def __init__(self):
        self.epoch, self.base = 0, 0.0

    def end_epoch(self):
        self.epoch += 1
        return {"loss": self.base + self.epoch, **({"late": 1.0} if self.base else {})}


class Kept:
    """A sink that is told when epochs are run again."""

    def __init__(self):
        self.told = []

    def begin(self, past):
        self.told.append(("past", list(past.seconds.epochs)))

    def emit(self, record: EpochRecord):
        self.told.append(record.epoch)

    def close(self):
        pass


def shown_by(folder) -> list[list[tuple[int, float]]]:
    """Epochs and losses, as each file has them."""
    with (folder / "run.csv").open(newline="") as file:
        table = [(int(row["epoch"]), float(row["loss"])) for row in csv.DictReader(file)]
    log = [(record.epoch, record.metrics["loss"]) for record in read_event_log(folder / "run.jsonl")]
    loss = history_in((folder / "run.html").read_text()).metrics["loss"]
    return [table, log, list(zip(loss.epochs, loss.values, strict=True))]


@pytest.mark.parametrize("way", ["source", "state", "log"])
def test_a_rollback_replaces_what_was(way, tmp_path, capfd):
    """By an older state of the step, of the monitor, or by calls of log(): every view has each epoch once.

    Where nobody gave the monitor an older state it is said: a number that is wrong costs the epochs after it.
    """
    kept, step = Kept(), Step()
    sinks = [kept, *((kind, {"path": tmp_path / f"run.{kind}"}) for kind in KINDS)]
    with Monitor(9, sinks=sinks, probes=[]) as monitor:
        for epoch in monitor.epochs(step):
            if epoch == 3:
                state = monitor.state_dict()
            if epoch == 6:
                break
        step.epoch, step.base = 3, 100.0
        if way == "state":
            monitor.load_state_dict(state)
        if way == "log":
            for epoch in (3, 4):
                monitor.log(epoch, 1.0, step.end_epoch())
        for epoch in monitor.epochs(None if way == "log" else step):
            if epoch == 5:
                break
    said = "flodl-monitor: epoch 4 again: it replaces what was logged of it and of later epochs\n"
    assert ("" if way == "state" else said) == capfd.readouterr().err
    told = [(1, 1.0), (2, 2.0), (3, 3.0), (4, 104.0), (5, 105.0)]
    assert told == [(record.epoch, record.metrics["loss"]) for record in monitor.history()]
    assert [told] * 3 == shown_by(tmp_path)
    assert [1, 2, 3, 4, 5, 6, ("past", [1, 2, 3]), 4, 5] == kept.told
    events = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines()]
    assert [1, 4] == [event["from"] for event in events if event["event"] == "run"]


def test_a_second_try_keeps_the_first(tmp_path):
    """All over again with the same monitor: as if with a new one, the first try is in the files beside."""
    with Monitor(2, sinks=[(kind, {"path": tmp_path / f"run.{kind}"}) for kind in KINDS], probes=[]) as monitor:
        for base in (0.0, 10.0):
            monitor.watch(object(), lr=base)
            for epoch in range(2):
                monitor.log(epoch, 1.0, {"loss": base + epoch, **({} if base else {"first": 1.0})})
    assert [[(1, 10.0), (2, 11.0)]] * 3 == shown_by(tmp_path)
    assert "first" not in (tmp_path / "run.csv").read_text()
    assert '"lr": "10.0"' in (tmp_path / "run.jsonl").read_text()
    for kind in KINDS:
        (tmp_path / f"run.{kind}").unlink()
        (tmp_path / f"run.previous.{kind}").rename(tmp_path / f"run.{kind}")
    assert [[(1, 0.0), (2, 1.0)]] * 3 == shown_by(tmp_path)


FORGOTTEN = """
import os, time
from flodl_monitor import Monitor
def written(kind):
    return os.path.exists(f"run.{kind}") and open(f"run.{kind}").read().count("\\n") == 3
def train(epochs):
    monitor = Monitor(epochs, sinks=[(kind, {"path": f"run.{kind}"}) for kind in ("csv", "jsonl", "html")], probes=[])
    for epoch in monitor.epochs():
        monitor.record("loss", float(epoch))
        if epochs == 3 and epoch == 2:
            monitor.history()  # all is on its way
            while not (os.path.exists("run.html") and all(map(written, ("csv", "jsonl")))):
                time.sleep(0.01)
            raise RuntimeError
try:
    train(3)
except RuntimeError as error:
    held = error  # and with it the frame, and the monitor, as a notebook does
train(4)
"""


def test_a_forgotten_monitor_leaves_a_newer_run_alone(tmp_path):
    """It is finished when the program ends, and must not put its old page over the new one."""
    done = subprocess.run([sys.executable, "-c", FORGOTTEN], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert 0 == done.returncode, done.stderr
    assert [[(1, 0.0), (2, 1.0), (3, 2.0), (4, 3.0)]] * 3 == shown_by(tmp_path)
    assert "a later run writes" in done.stderr


def test_a_monitor_that_is_dropped_is_gone_at_once():
    """No ring of references keeps it: what it has still to write need not wait for a collection."""

    class Closed(Kept):
        def close(self):
            self.told.append("closed")

    sink = Closed()
    gc.disable()
    try:
        monitor = Monitor(2, sinks=[sink], probes=[])
        monitor.log(0, 1.0)
        del monitor
        assert [1, "closed"] == sink.told
    finally:
        gc.enable()
