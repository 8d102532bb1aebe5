"""What only real processes can show: kills, forks, forgotten ends, imports."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec

import pytest
from flodl_monitor import read_event_log

TRAIN = """
import sys, time
from flodl_monitor import Monitor
folder = sys.argv[1]
sinks = [("csv", {"path": folder + "/run.csv"}), ("jsonl", {"path": folder + "/run.jsonl"})]
monitor = Monitor(1_000_000, sinks=sinks)
for epoch in range(1_000_000):
    monitor.log(epoch, 0.001, {"loss": 1 / (epoch + 1), f"extra{epoch // 20}": 0.5})
    print(epoch + 1, flush=True)
    time.sleep(0.001)
"""


ALONE = {**os.environ, "FLODL_PLUGINS": "", "FLODL_DISABLE_PLUGINS": "flodl-nn flodl-graph flodl-cli"}
"""Whatever else is installed here has no say."""


def run(script: str, *arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=ALONE, **options)


@pytest.mark.parametrize("seconds", [0.05, 0.2, 0.35, 0.5])
def test_killed_run_leaves_whole_files(seconds, tmp_path):
    """SIGKILL in the middle, while the table is rewritten again and again: what was logged is there, and parses."""
    with subprocess.Popen([sys.executable, "-c", TRAIN, tmp_path], stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        while not ((tmp_path / "run.csv").exists() and (tmp_path / "run.jsonl").exists()):
            time.sleep(0.001)  # logged is not yet written: how soon depends on what else runs here
        time.sleep(seconds)
        process.kill()
        logged = 1 + len(process.stdout.read().split())
    assert -signal.SIGKILL == process.returncode
    with (tmp_path / "run.csv").open(newline="") as file:
        table = list(csv.DictReader(file, strict=True))
    text = (tmp_path / "run.jsonl").read_text()
    whole = text[: text.rfind("\n") + 1].splitlines()
    assert all(isinstance(json.loads(line), dict) for line in whole)
    for epochs in ([int(row["epoch"]) for row in table], [row.epoch for row in read_event_log(tmp_path / "run.jsonl")]):
        assert list(range(1, len(epochs) + 1)) == epochs
        assert len(epochs) <= logged + 1  # one may be on its way
    assert all(float(row["loss"]) == 1 / int(row["epoch"]) for row in table)


STEADY = """
import sys, time
from flodl_monitor import Monitor
folder = sys.argv[1]
sinks = [("csv", {"path": folder + "/run.csv"}), ("jsonl", {"path": folder + "/run.jsonl"})]
monitor = Monitor(1_000_000, sinks=sinks)
for epoch in range(1_000_000):
    monitor.log(epoch, 0.02, {"loss": 0.5})
    print(time.monotonic(), flush=True)
    time.sleep(0.02)
"""


def test_a_killed_run_loses_its_last_moments_only(tmp_path):
    """What was logged well before the SIGKILL is in every file: 1 s is promised, a busy machine is granted 2."""
    with subprocess.Popen([sys.executable, "-c", STEADY, tmp_path], stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        time.sleep(3.0)
        killed = time.monotonic()
        process.kill()
        times = [float(word) for word in process.stdout.read().split()]
    due = 1 + sum(moment < killed - 2.0 for moment in times)
    assert due > 5
    with (tmp_path / "run.csv").open(newline="") as file:
        assert due <= len(list(csv.DictReader(file, strict=True)))
    assert due <= len(read_event_log(tmp_path / "run.jsonl"))


def test_forgotten_finish_loses_nothing(tmp_path):
    """A script that just ends: every line and the summary are written."""
    script = (
        "import sys; from flodl_monitor import Monitor\n"
        "monitor = Monitor(50, sinks=['terminal', ('csv', {'path': sys.argv[1]})])\n"
        "for epoch in range(50): monitor.log(epoch, 0.001, {'loss': 0.5})\n"
    )
    done = run(script, tmp_path / "run.csv")
    assert 0 == done.returncode
    assert 51 == sum(line.startswith("  ") for line in done.stderr.splitlines())
    assert 51 == len((tmp_path / "run.csv").read_text().splitlines())


def test_stuck_sink_does_not_hold_the_exit(tmp_path):
    """A sink that never returns: the interpreter ends all the same."""
    script = (
        "import threading; from flodl_monitor import Monitor\n"
        "class Stuck:\n"
        "    def emit(self, record): threading.Event().wait()\n"
        "    def close(self): pass\n"
        "monitor = Monitor(1, sinks=[Stuck()])\n"
        "monitor.log(0, 0.001)\n"
    )
    began = time.monotonic()
    done = run(script)
    assert 0 == done.returncode
    assert time.monotonic() - began < 10.0
    assert "__main__/Stuck is still busy after 2 s: its last record is given up" in done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_forked_child_leaves_the_monitor_alone(tmp_path):
    """It owns neither threads nor files: nothing is written twice, nothing waits, the parent goes on."""
    script = (
        "import os, sys; from flodl_monitor import Monitor\n"
        "monitor = Monitor(3, sinks=['terminal', ('jsonl', {'path': sys.argv[1]})])\n"
        "monitor.log(0, 0.001)\n"
        "child = os.fork()\n"
        "monitor.log(1, 0.001)\n"
        "if child == 0:\n"
        "    monitor.log(2, 0.001)\n"
        "    monitor.finish()\n"
        "    sys.exit(7)\n"
        "status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])\n"
        "monitor.log(2, 0.001)\n"
        "monitor.finish()\n"
        "print(status)\n"
    )
    done = run(script, tmp_path / "run.jsonl")
    assert "7\n" == done.stdout
    assert 1 == done.stderr.count("in a forked process, which does not own the monitor")
    assert 3 == done.stderr.count("  epoch ")
    assert 1 == done.stderr.count("training complete")
    events = [json.loads(line)["event"] for line in (tmp_path / "run.jsonl").read_text().splitlines()]
    assert ["run", "epoch", "epoch", "epoch", "finish"] == events


def test_full_disk_ends_the_file_and_not_the_training(tmp_path):
    """The sink is named once; its file holds whole rows; the other sink has everything."""
    script = (
        "import resource, signal, sys; from flodl_monitor import Monitor\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
        "with Monitor(200, sinks=['terminal', ('csv', {'path': sys.argv[1]})], probes=[]) as monitor:\n"
        "    for epoch in monitor.epochs(): monitor.record('loss', 0.123456789)\n"
    )
    done = run(script, tmp_path / "run.csv")
    assert 0 == done.returncode
    assert 200 == done.stderr.count("  epoch ")
    assert 1 == done.stderr.count("sink flodl-monitor/csv failed and is dropped")
    text = (tmp_path / "run.csv").read_text()
    assert text.endswith("\n")
    assert all(3 == len(line.split(",")) for line in text.splitlines())


def test_import_is_light():
    """Neither torch nor the other rooms, nothing heavy; the package itself imports nothing until asked."""
    heavy = "{'torch', 'numpy', 'flodl_graph', 'flodl_nn', 'rich', 'starlette', 'pynvml', 'psutil'}"
    run(f"import sys, flodl_monitor; assert not {heavy} & set(sys.modules)").check_returncode()
    run(f"import sys; from flodl_monitor import Monitor; assert not {heavy} & set(sys.modules)").check_returncode()
    script = (
        "import sys; from flodl_monitor import Monitor\n"
        "with Monitor(1) as monitor: monitor.log(0, 0.5, {'loss': 0.5})\n"
        f"assert not ({heavy} - {{'psutil', 'pynvml'}}) & set(sys.modules)"
    )
    run(script).check_returncode()


def test_public_names_are_all_there():
    """What the package names can be imported from it, and nothing else is promised."""
    import flodl_monitor

    assert sorted(flodl_monitor.__all__) == flodl_monitor.__all__ == dir(flodl_monitor)
    assert all(getattr(flodl_monitor, name) is not None for name in flodl_monitor.__all__)


def test_a_closed_stderr_stops_nothing(tmp_path):
    """There is nobody to tell: neither the dashboard's address nor a call after the end is an error."""
    script = (
        "import sys; from flodl_monitor import Monitor\n"
        "sys.stderr.close()\n"
        "with Monitor(2, sinks=['terminal', ('csv', {'path': 'run.csv'})]) as monitor:\n"
        "    if sys.argv[1] == 'serve': monitor.serve(port=0)\n"
        "    monitor.log(0, 0.1, {'loss': 0.5})\n"
        "monitor.log(1, 0.1, {'loss': 0.5})\n"
        "sys.stderr = None\n"
    )
    serve = "serve" if find_spec("uvicorn") else "none"
    command = [sys.executable, "-c", script, serve]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, env=ALONE)
    assert (0, "") == (done.returncode, done.stderr)
    assert 2 == len((tmp_path / "run.csv").read_text().splitlines())
