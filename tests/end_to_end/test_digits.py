"""The example trains a real network on real data, from names alone."""

from __future__ import annotations

import csv
import re
import sys

import pytest
from flodl_core import components
from projects import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

EPOCHS = 4


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """The example, shortened: fewer epochs, and a schedule that ends with them."""
    text = (ROOT / "examples" / "digits.toml").read_text()
    tables = tomllib.loads(text)
    (steps,), epochs = tables["schedule"]["args"], tables["train"]["epochs"]
    text = text.replace(f"epochs = {epochs}", f"epochs = {EPOCHS}").replace(
        f"[{steps}]", f"[{steps // epochs * EPOCHS}]"
    )
    assert EPOCHS == tomllib.loads(text)["train"]["epochs"]
    path = tmp_path_factory.mktemp("example") / "digits.toml"
    path.write_text(text)
    return path


def test_example_learns_and_leaves_its_files(example, run_python):
    """`flodl run` exits 0, tells most digits apart after four epochs, and says where checkpoint and metrics are."""
    done = run_python("-m", "flodl_cli", "run", str(example))
    assert done.returncode == 0, done.stderr
    found = re.search(r"accuracy ([\d.]+)%", done.stdout)
    assert found is not None, done.stdout
    assert float(found[1]) >= 95
    assert "30,890 parameters" in done.stdout
    assert "true  predicted" in done.stdout
    folder = example.parent
    here = run_python.here / "runs" / "digits"
    rows = list(csv.DictReader((here / "metrics.csv").read_text().splitlines()))
    assert EPOCHS == len(rows)
    assert (here / "model.safetensors").stat().st_size > 30_890 * 4
    assert [example.name] == [path.name for path in folder.iterdir()]


def test_example_names_only_registered_parts():
    """Every name in the example is in the lists: the file holds names and plain values, nothing else."""
    tables = tomllib.loads((ROOT / "examples" / "digits.toml").read_text())
    for kind, name in {
        "dataset": tables["data"]["use"],
        "loss": tables["loss"]["use"],
        "optimizer": tables["optimizer"]["use"],
        "scheduler": tables["schedule"]["use"],
    }.items():
        assert name == components.find(kind, name).name
