"""`flodl run` with training states: stopped at any moment, `--resume` gives the same weights, byte for byte."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time

import pytest

STATES = 'path = "out/deep/model.safetensors"\nfolder = "out/states"\n'


@pytest.fixture
def stateful(small):
    """The small experiment with a folder of states, and dropout: generators matter."""
    return small.replace('path = "out/deep/model.safetensors"\n', STATES).replace(
        'through = "relu"', 'through = "dropout"\nargs = [0.3]'
    )


def begun(tmp_path, *arguments):
    """The command in a process of its own."""
    command = [sys.executable, "-m", "flodl_cli", "run", "exp.toml", *arguments]
    return subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def weights(tmp_path):
    return (tmp_path / "out/deep/model.safetensors").read_bytes()


def test_a_stopped_run_goes_on(stateful, flodl, tmp_path):
    """SIGTERM, SIGUSR1 and Ctrl-C in turn, at random moments: in the end the weights of a run that nobody stopped."""
    toml = stateful.replace("epochs = 3", "epochs = 30\naccumulate = 2")
    assert 0 == flodl("run", "exp.toml", toml=toml.replace('folder = "out/states"\n', "")).returncode
    expected, rng = weights(tmp_path), random.Random(0)
    (tmp_path / "out/deep/metrics.csv").unlink()
    (tmp_path / "exp.toml").write_text(toml)
    for number, code in [(signal.SIGTERM, 75), (signal.SIGINT, 130), (signal.SIGUSR1, 75)]:
        child = begun(tmp_path, "--resume")
        for line in child.stderr:
            if re.search(r"epoch +\d+/30", line):
                break
        time.sleep(rng.uniform(0, 0.05))
        child.send_signal(number)
        _, said = child.communicate(timeout=60)
        assert code == child.returncode, said
        assert ("the run is saved in out/states, and stops" in said) == (code == 75)
        assert "Traceback" not in said
    done = flodl("run", "exp.toml", "--resume")
    assert 0 == done.returncode, done.stderr
    assert re.search(r"^out/states: step-\d{8}-\d{4}$", done.stderr, re.MULTILINE)
    assert expected == weights(tmp_path)
    rows = (tmp_path / "out/deep/metrics.csv").read_text().splitlines()
    assert [str(epoch) for epoch in range(1, 31)] == [row.partition(",")[0] for row in rows[1:]]


def test_states_are_kept_as_asked(stateful, flodl_here, tmp_path):
    """Within epochs, the newest, and the best."""
    extra = 'every = 5\nkeep_last = 2\nkeep_best = "val_accuracy"\ngoal = "max"\n'
    assert 0 == flodl_here("run", "exp.toml", toml=stateful + extra).returncode
    states = sorted(path.name for path in (tmp_path / "out/states").glob("step-*"))
    assert "step-00000024-" in states[-1]
    assert 2 <= len(states) <= 3
    assert {"latest", "best"} <= set(os.listdir(tmp_path / "out/states"))


def test_an_earlier_run_is_not_taken_over_in_silence(stateful, flodl_here, tmp_path):
    """A second start without `--resume` trains nothing; `resume = true` says it once for all."""
    assert 0 == flodl_here("run", "exp.toml", toml=stateful).returncode
    states = sorted(os.listdir(tmp_path / "out/states"))
    done = flodl_here("run", "exp.toml")
    assert 1 == done.returncode
    assert (
        "CheckpointError: the folder holds the states of an earlier run\n  at: out/states\n  try: --resume"
        in done.stderr
    )
    assert states == sorted(os.listdir(tmp_path / "out/states"))
    done = flodl_here("run", "exp.toml", toml=stateful.replace("epochs = 3", "epochs = 4") + "resume = true\n")
    assert 0 == done.returncode
    assert re.search(r"^trained +4 epochs", done.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (("folder =", "# folder ="), 2, "nothing to resume from: [checkpoint] names no folder of training states"),
        (("batch_size = 16", "batch_size = 8"), 1, "part 'course': it was saved with batch_size = 16, the experiment"),
        (('"adam"\nlr = 0.02', '"sgd"\nlr = 0.02'), 1, "part 'step': the state is of Adam, this step trains with SGD"),
        (("[4, 16]", "[4, 32]"), 1, "part 'model': it does not fit"),
    ],
)
def test_what_cannot_be_resumed_is_told(change, code, message, stateful, flodl_here):
    """Before anything is trained."""
    assert 0 == flodl_here("run", "exp.toml", toml=stateful).returncode
    toml = stateful.replace(*change)
    done = flodl_here(
        "run", "exp.toml", "--resume", toml=toml.replace("[16, 3]", "[32, 3]") if "32" in change[1] else toml
    )
    assert code == done.returncode
    assert message in done.stderr


def test_a_metric_that_is_none_is_told(stateful, flodl_here):
    """At the line of the file, with the nearest."""
    done = flodl_here("run", "exp.toml", toml=stateful + 'keep_best = "val_los"\n')
    assert 2 == done.returncode
    assert "[checkpoint] keep_best is 'val_los', which no epoch of this experiment records" in done.stderr
    assert "did you mean 'val_loss'" in done.stderr


def test_a_damaged_state_is_said(stateful, flodl_here, tmp_path):
    """In one line, and the run goes on from the one before."""
    assert 0 == flodl_here("run", "exp.toml", toml=stateful).returncode
    (tmp_path / "out/states/latest/model.safetensors").write_bytes(b"")
    done = flodl_here("run", "exp.toml", "--resume")
    assert 0 == done.returncode
    assert re.search(
        r"^out/states goes on from step-\S+-0002: step-\S+-0003: its model.safetensors has 0", done.stderr, re.M
    )
    assert re.search(r"^trained +3 epochs", done.stdout, re.MULTILINE)
