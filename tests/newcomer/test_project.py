"""What `flodl new project` writes runs as it is, twice, and both runs learn the same."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest
import torch
from flodl import FlowBuilder, components, load_checkpoint, ref
from flodl_cli.main import main
from flodl_core.tensor import seed_everything

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Its folder, both runs done."""
    home = tmp_path_factory.mktemp("projects")
    assert 0 == main(["new", "project", "two-spirals", "--into", str(home)])
    folder = home / "two-spirals"
    for arguments in (["-m", "flodl_cli", "run", "experiment.toml"], ["train.py"]):
        done = subprocess.run(
            [sys.executable, "-W", "error", *arguments], cwd=folder, capture_output=True, text=True, timeout=300
        )
        assert 0 == done.returncode, done.stdout + done.stderr
    return folder


def program(folder):
    """`train.py` as a module."""
    spec = importlib.util.spec_from_file_location("train_of_project", folder / "train.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def from_file(folder):
    """The network that the file describes."""
    tables = tomllib.loads((folder / "experiment.toml").read_text())["model"]
    return FlowBuilder.from_tables(tables["flow"], None, label=tables["label"]).build()


def test_file_and_program_describe_the_same_network(project):
    """Paths, shapes, and the first weights to the bit."""
    seed_everything(0)
    one = from_file(project)
    seed_everything(0)
    other = program(project).network()
    assert list(one.state_dict()) == list(other.state_dict())
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name]), name


def test_both_runs_learn_the_spirals(project):
    """Each on its own split; on all points both are right nearly always, and agree nearly always."""
    data = components.create("dataset", ref("csv", path=project / "spirals.csv", target="spiral"))
    points, spirals = data.tensors
    answers = []
    for run in ("experiment", "train"):
        model = program(project).network()
        load_checkpoint(project / "runs" / run / "model.safetensors", model)
        answers.append(model(points).argmax(1))
        assert (answers[-1] == spirals).double().mean() >= 0.95, run
    assert (answers[0] == answers[1]).double().mean() >= 0.95
