"""A run that is killed and resumed: numbering, ETA, curves and files go on as if it had not been."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys

from flodl_core.rules import Firing
from flodl_monitor import Monitor, read_event_log
from flodl_monitor.web.page import history_in

TRAIN = """
import json, os, signal, sys, time
from pathlib import Path
from flodl_monitor import Monitor

state, folder = Path("state.json"), Path(sys.argv[1])
sinks = ["terminal"] + [(kind, {"path": folder / f"run.{kind}"}) for kind in ("csv", "jsonl", "html")]
def written(kind):
    file = folder / f"run.{kind}"
    return file.exists() and ("\\n5," in file.read_text() or '"epoch": 5' in file.read_text())

with Monitor(8, sinks=sinks, probes=[]) as monitor:
    if state.exists():
        monitor.load_state_dict(json.loads(state.read_text()))
        resumed = True
    else:
        resumed = False
    for epoch in range(int(sys.argv[2]), 8):
        monitor.mark(f"ran {epoch + 1}{' again' if resumed else ''}")
        monitor.log(epoch, 20.0, {"loss": 1 / (epoch + 1), **({"val": 0.5} if resumed else {})})
        if epoch == 2 and not resumed:
            state.write_text(json.dumps(monitor.state_dict()))
        if epoch == 4 and not resumed:
            deadline = time.monotonic() + 30
            while not all(map(written, ("csv", "jsonl"))) and time.monotonic() < deadline:
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGKILL)
"""


def run(here, *arguments: object) -> subprocess.CompletedProcess[str]:
    alone = {**os.environ, "FLODL_PLUGINS": "", "FLODL_DISABLE_PLUGINS": "flodl-nn flodl-graph flodl-cli"}
    command = [sys.executable, "-W", "error", "-c", TRAIN, *map(str, arguments)]
    return subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=60, env=alone)


def check_page(folder) -> None:
    """All eight epochs, those that were run again once."""
    history = history_in((folder / "run.html").read_text(encoding="utf-8"))
    assert list(range(1, 9)) == list(history.seconds.epochs) == list(history.metrics["loss"].epochs)
    assert [4, 5, 6, 7, 8] == list(history.metrics["val"].epochs)
    assert [f"ran {epoch}{' again' if epoch > 3 else ''}" for epoch in range(1, 9)] == [
        text for _, text in history.marks
    ]


def test_killed_run_goes_on(tmp_path):
    """Saved after epoch 3, killed after epoch 5, resumed: 4 and 5 are run again and replace what was."""
    assert -signal.SIGKILL == run(tmp_path, ".", 0).returncode
    done = run(tmp_path, ".", 3)
    assert 0 == done.returncode, done.stderr
    first = next(line for line in done.stderr.splitlines() if line.startswith("  epoch"))
    assert "  epoch 4/8  loss=0.2500  val=0.5000  [20s  ETA 1m 20s]" == first
    with (tmp_path / "run.csv").open(newline="") as file:
        table = list(csv.DictReader(file, strict=True))
    assert [(str(epoch), str(1 / epoch), "0.5" if epoch > 3 else "") for epoch in range(1, 9)] == [
        (row["epoch"], row["loss"], row["val"]) for row in table
    ]
    records = read_event_log(tmp_path / "run.jsonl")
    assert [(epoch, 1 / epoch, epoch > 3) for epoch in range(1, 9)] == [
        (record.epoch, record.metrics["loss"], "val" in record.metrics) for record in records
    ]
    assert [100.0 - 20 * epoch for epoch in range(3)] == [record.eta for record in records[2:5]]
    assert records[-1].eta is None
    events = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines()]
    assert [1, 4] == [event["from"] for event in events if event["event"] == "run"]
    check_page(tmp_path)
    assert {"state.json", "run.csv", "run.jsonl", "run.html"} == {file.name for file in tmp_path.iterdir()}


def test_files_of_a_run_that_goes_on_elsewhere(tmp_path):
    """Begin with all epochs that the monitor remembers, marks and what rules did among them."""
    firing = Firing(epoch=2, condition="loss < 1", actions=("stop()",), windows={"loss": [0.5]})
    with Monitor(5, sinks=[], probes=[]) as before:
        for epoch in range(3):
            before.mark(f"ran {epoch + 1}")
            before.log(epoch, 20.0, {"loss": 1 / (epoch + 1)}, fired=(firing,) if epoch == 1 else ())
    sinks = [(kind, {"path": tmp_path / f"run.{kind}"}) for kind in ("csv", "jsonl")]
    with Monitor(5, sinks=sinks, probes=[]) as after:
        after.load_state_dict(json.loads(json.dumps(before.state_dict())))
        for epoch in range(2, 5):  # one of them again
            after.log(epoch, 10.0, {"loss": 0.1})
    assert [1, 2, 3, 4, 5] == [record.epoch for record in read_event_log(tmp_path / "run.jsonl")]
    told = [(record.epoch, record.metrics, record.marks, record.fired) for record in after.history()]
    assert told == [
        (record.epoch, record.metrics, record.marks, record.fired) for record in read_event_log(tmp_path / "run.jsonl")
    ]
    with (tmp_path / "run.csv").open(newline="") as file:
        rows = [(row["epoch"], row["seconds"], float(row["loss"])) for row in csv.DictReader(file)]
    assert rows == [(str(record.epoch), str(record.seconds), record.metrics["loss"]) for record in after.history()]


def test_page_of_a_run_that_moved(tmp_path):
    """Resumed in another folder: the page has the curves that the state brings."""
    assert -signal.SIGKILL == run(tmp_path, ".", 0).returncode
    assert 0 == run(tmp_path, "elsewhere", 3).returncode
    check_page(tmp_path / "elsewhere")
