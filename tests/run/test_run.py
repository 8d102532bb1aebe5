"""`flodl run`, as a user meets it: a report, files, exit codes; and nothing lost when it ends early."""

from __future__ import annotations

import csv
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
DIGITS = ROOT / "examples" / "digits.toml"


def accuracy(text: str) -> float:
    """The held-out accuracy of a report, as a percentage."""
    found = re.search(r"^held out +loss [\d.]+, accuracy ([\d.]+)% \(\d+ of \d+\)$", text, re.MULTILINE)
    assert found is not None, text
    return float(found[1])


def test_digits_are_learned(flodl, tmp_path):
    """The example reaches 98 % on a held-out fifth, within a minute of training, and says all it should."""
    done = flodl("run", str(DIGITS))
    assert 0 == done.returncode, done.stderr
    assert accuracy(done.stdout) >= 98.0
    seconds = re.search(r"^trained +15 epochs in ([\d.]+) s$", done.stdout, re.MULTILINE)
    assert seconds is not None
    assert float(seconds[1]) < 60
    for line in ("digits(x)", "true  predicted", "checkpoint  runs/digits/model.safetensors"):
        assert line in done.stdout
    assert "1,438 examples to learn from, 359 held out" in done.stderr
    with (tmp_path / "runs/digits/metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [str(epoch) for epoch in range(1, 16)] == [row["epoch"] for row in rows]
    assert {"loss", "val_loss", "val_accuracy"} <= set(rows[0])
    assert round(100 * float(rows[-1]["val_accuracy"]), 2) == accuracy(done.stdout)


def test_digits_learn_with_a_plugin_optimizer(flodl):
    """Another optimizer is another name in the file: Lion, of a plugin, does as well."""
    toml = DIGITS.read_text().replace('use = "adamw"\nlr = 5e-3', 'use = "lion"\nlr = 5e-4')
    done = flodl("run", "exp.toml", toml=toml)
    assert 0 == done.returncode, done.stderr
    assert accuracy(done.stdout) >= 98.0


def test_same_seed_same_run(flodl_here, small, tmp_path):
    """Two runs of one file give the same weights, byte for byte; another seed gives others."""
    written = []
    for seed in (0, 0, 1):
        assert (
            0
            == flodl_here("run", "exp.toml", toml=small.replace("epochs = 3", f"epochs = 3\nseed = {seed}")).returncode
        )
        written.append((tmp_path / "out/deep/model.safetensors").read_bytes())
    assert written[0] == written[1] != written[2]


def test_seed_of_the_split_is_its_own(flodl_here, small):
    """[data] seed keeps the held-out part while [train] seed changes the weights."""
    toml = small.replace("batch_size = 16", "batch_size = 16\nseed = 7")
    tables = []
    for seed in (0, 1):
        done = flodl_here("run", "exp.toml", toml=toml.replace("epochs = 3", f"epochs = 40\nseed = {seed}"))
        tables.append([sum(map(int, re.findall(r"\d+", line))) for line in confusion(done.stdout)])
    assert tables[0] == tables[1]


def confusion(report: str) -> list[str]:
    """The rows of the confusion matrix, without names."""
    lines = report[report.index("true") :].partition("\n\n")[0].splitlines()[2:]
    return [line.partition(" ")[2] for line in lines]


def test_checkpoint_holds_the_weights(flodl_here, small, tmp_path):
    """The file opens with safetensors and has every parameter under its path."""
    assert 0 == flodl_here("run", "exp.toml", toml=small).returncode
    safetensors = pytest.importorskip("safetensors.torch")
    weights = safetensors.load_file(tmp_path / "out/deep/model.safetensors")
    assert {"linear_1.weight", "linear_1.bias", "species.weight", "species.bias"} == set(weights)


def test_streams_are_apart(flodl, small):
    """The report goes to stdout, progress to stderr."""
    done = flodl("run", "exp.toml", toml=small)
    assert "epoch" not in done.stdout.partition("trained")[0]
    assert "epoch 3/3" in done.stderr
    assert "ExperimentError" not in done.stderr


def test_check_trains_nothing(flodl_here, small, tmp_path):
    """`--check` builds everything, says what it would train, and writes no file."""
    done = flodl_here("run", "--check", "exp.toml", toml=small)
    assert (0, "") == (done.returncode, done.stdout)
    assert "120 examples to learn from, 30 held out; 131 parameters" in done.stderr
    assert [] == [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


def test_nothing_held_out(flodl_here, small):
    """holdout = 0 learns from everything, and reports no held-out figures."""
    done = flodl_here("run", "exp.toml", toml=small.replace("batch_size = 16", "batch_size = 16\nholdout = 0"))
    assert 0 == done.returncode, done.stderr
    assert "held out" not in done.stdout
    assert "150 examples to learn from, 0 held out" in done.stderr


def test_numbers_are_learned_too(flodl_here, small):
    """Targets that are quantities have a loss, no accuracy and no confusion matrix."""
    toml = small.replace('"iris"', '"diabetes"').replace("[4, 16]", "[10, 16]").replace("[16, 3]", "[16, 1]")
    done = flodl_here("run", "exp.toml", toml=toml.replace("cross_entropy", "mse"))
    assert 0 == done.returncode, done.stderr
    assert re.search(r"^held out +loss [\d.]+ \(88 examples\)$", done.stdout, re.MULTILINE)
    assert "predicted" not in done.stdout


@pytest.mark.parametrize(
    "schedule",
    [
        '[schedule]\nuse = "cosine"\nargs = [24]\n',
        '[schedule]\nuse = "step_decay"\nargs = [1]\nper = "epoch"\n',
        '[schedule]\nuse = "plateau"\nargs = ["val_loss"]\n',
        '[[schedule]]\nuse = "warmup"\nargs = [4]\n[[schedule]]\nuse = "cosine"\nargs = [20]\nfloor = 0.1\n',
        '[[schedule]]\nuse = "constant"\nafter = 1\nper = "epoch"\n[[schedule]]\nuse = "exponential"\nargs = [0.9]\n',
    ],
)
def test_schedules(flodl_here, small, schedule):
    """A schedule counts steps or epochs, reads a metric, or follows another."""
    done = flodl_here("run", "exp.toml", toml=small + schedule)
    assert 0 == done.returncode, done.stderr


def test_accumulation_and_clipping(flodl_here, small):
    """accumulate and clip_norm reach the step."""
    done = flodl_here(
        "run", "exp.toml", toml=small.replace("epochs = 3", "epochs = 3\naccumulate = 3\nclip_norm = 0.5")
    )
    assert 0 == done.returncode, done.stderr


def test_lone_last_example_is_no_batch_of_its_own(flodl_here, small):
    """121 examples in batches of 60 with batch normalisation: the odd one joins the batch before."""
    toml = small.replace("batch_size = 16", "batch_size = 60\nholdout = 0.1933")
    toml = toml.replace('through = "relu"', 'through = "batch_norm1d"\nargs = [16]')
    if "batch_norm1d" not in flodl_here("list", "modules", "batch_norm1d").stdout:
        pytest.skip("no batch_norm1d among the modules")
    done = flodl_here("run", "exp.toml", toml=toml)
    assert 0 == done.returncode, done.stderr
    assert "121 examples to learn from" in done.stderr


def test_divergence_is_told_with_the_epoch(flodl_here, small, tmp_path):
    """A loss that is no number ends the run with exit 1, names the epoch, and saves nothing."""
    (tmp_path / "out/deep").mkdir(parents=True)
    (tmp_path / "out/deep/model.safetensors").write_bytes(b"of before")
    toml = small.replace('"adam"\nlr = 0.02', '"sgd"\nlr = 1e30').replace('"cross_entropy"', '"cross_entropy"')
    done = flodl_here("run", "exp.toml", toml=toml)
    assert (1, "") == (done.returncode, done.stdout)
    told = done.stderr[done.stderr.index("TrainingError") :].splitlines()
    assert re.match(
        r"TrainingError: the loss of epoch \d is (nan|inf): training has diverged, nothing is saved", told[0]
    )
    assert 3 == len(told)
    assert b"of before" == (tmp_path / "out/deep/model.safetensors").read_bytes()


def interrupted(tmp_path, toml, signals):
    """Run, and send Ctrl-C after the second epoch."""
    (tmp_path / "exp.toml").write_text(toml)
    child = subprocess.Popen(
        [sys.executable, "-m", "flodl_cli", "run", "exp.toml"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stderr is not None
    for line in child.stderr:
        if "epoch" in line and " 2/" in line:
            break
    for _ in range(signals):
        child.send_signal(signal.SIGINT)
        time.sleep(0.05)
    out, err = child.communicate(timeout=60)
    return child.returncode, out, err


def test_interrupt_keeps_what_is_learned(small, tmp_path):
    """Ctrl-C ends the run cleanly: 130, a checkpoint, a report, a whole CSV, and no traceback."""
    code, out, err = interrupted(tmp_path, small.replace("epochs = 3", "epochs = 20000"), signals=1)
    assert 130 == code
    assert "Traceback" not in err
    assert re.search(r"Interrupted after \d+ of 20000 epochs", err)
    assert re.search(r"^trained +\d+ of 20000 epochs", out, re.MULTILINE)
    assert (tmp_path / "out/deep/model.safetensors").stat().st_size > 100
    with (tmp_path / "out/deep/metrics.csv").open() as file:
        assert len(list(csv.DictReader(file))) >= 2


def test_broken_pipe_costs_no_run(small, tmp_path):
    """`flodl run | head -n 1` trains to the end, saves, and complains about nothing."""
    (tmp_path / "exp.toml").write_text(small)
    line = f"'{sys.executable}' -m flodl_cli run exp.toml | head -n 0"
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert "Error" not in done.stderr
    assert (tmp_path / "out/deep/model.safetensors").exists()


def test_outputs_of_before_are_replaced(flodl_here, small, tmp_path):
    """A second run replaces the checkpoint whole; no half-written file stays behind."""
    for _ in range(2):
        assert 0 == flodl_here("run", "exp.toml", toml=small).returncode
    left = {path.name for path in (tmp_path / "out/deep").iterdir()}
    assert {"model.safetensors", "metrics.csv"} <= left
    assert not [name for name in left if name.startswith((".", "tmp"))]
