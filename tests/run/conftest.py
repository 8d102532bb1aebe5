"""Experiments of a second, run by the real command."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from flodl_cli.experiment.load import load_experiment
from flodl_cli.main import main
from flodl_cli.training.prepare import prepare

SMALL = """\
[data]
use = "iris"
batch_size = 16
[model]
label = "small"
[[model.flow]]
through = "linear"
args = [4, 16]
[[model.flow]]
through = "relu"
[[model.flow]]
through = "linear"
args = [16, 3]
tag = "species"
[loss]
use = "cross_entropy"
[optimizer]
use = "adam"
lr = 0.02
[train]
epochs = 3
device = "cpu"
threads = 1
[monitor]
sinks = ["terminal", { use = "csv", path = "out/deep/metrics.csv" }]
[checkpoint]
path = "out/deep/model.safetensors"
"""


@pytest.fixture
def small():
    """The text of an experiment that trains in a moment."""
    return SMALL


@pytest.fixture
def flodl_here(tmp_path, monkeypatch, capsys):
    """The same in this process, where torch is imported already."""

    def run(*arguments: str, toml: str | None = None) -> subprocess.CompletedProcess[str]:
        monkeypatch.chdir(tmp_path)
        if toml is not None:
            (tmp_path / "exp.toml").write_text(toml)
        capsys.readouterr()
        code = main(arguments)
        said = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code, said.out, said.err)

    return run


@pytest.fixture
def flodl(tmp_path):
    """Run `flodl ARGUMENTS` in an empty folder; a text given as `toml` is written to exp.toml first."""

    def run(*arguments: str, toml: str | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
        if toml is not None:
            (tmp_path / "exp.toml").write_text(toml)
        command = [sys.executable, "-W", "error", "-m", "flodl_cli", *arguments]
        env = {**os.environ, **variables}
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300)

    return run


@pytest.fixture
def run_of(tmp_path, monkeypatch):
    """An experiment's text, ready to start."""

    def ready(toml):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "exp.toml").write_text(toml)
        return prepare(*load_experiment("exp.toml"))

    return ready
