"""`flodl schema`: what an editor says of an experiment file is what the reader says, short of imports."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from as_module import as_module
from attrs import fields
from flodl_cli.experiment.json_schema import experiment_schema
from flodl_cli.experiment.schema import TABLES
from flodl_cli.main import main
from flodl_cli.toml import loads
from flodl_core.registry import components

fits = as_module(Path(__file__).with_name("schema_words.py")).fits

ROOT = Path(__file__).resolve().parent.parent.parent
VALUES = (
    *(None, True, False, 0, 1, 2, -1, 4096, 4097, 2**63, 0.0, 0.2, 0.999, 1.0, -0.5, 1e-9),
    *("", " ", "a", "1a", "a b", "min", "step", "auto", "resident", "cpu", "cuda", "cuda:1", "cuda:1234", "mps"),
    *("x.safetensors", "x.pt", "safetensors", [], ["stop"], [{"scale_lr": 0.5}], [1], {}, {"trend": "loss"}),
)
BROADER = {"use", "flow", "sinks"}  # they hold names, which are compared with what is registered


@pytest.fixture(scope="module")
def schema():
    """As one reads it from the file."""
    return json.loads(json.dumps(experiment_schema()))


def accepts(schema, toml):
    return fits(loads(toml), schema, schema)


@pytest.mark.parametrize("file", ["examples/digits.toml"])
def test_the_examples_are_in_order(schema, file):
    """What runs is not underlined."""
    assert accepts(schema, (ROOT / file).read_text())


def test_a_new_project_is_in_order(schema, tmp_path, monkeypatch, capsys):
    """Nor is what `flodl new project` writes."""
    monkeypatch.chdir(tmp_path)
    assert 0 == main(["new", "project", "flowers"])
    assert accepts(schema, Path("flowers", "experiment.toml").read_text())


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("[monitor]", "[monitr]"),
        ("epochs = 3", "epoch = 3"),
        ("epochs = 3", "epochs = 0"),
        ("epochs = 3", 'epochs = "3"'),
        ('device = "cpu"', 'device = "gpu"'),
        ('[train]\nepochs = 3\ndevice = "cpu"\nthreads = 1\n', ""),
        ('use = "cross_entropy"', 'use = "crossentropie"'),
        ('use = "cross_entropy"', 'use = "torch.nn:CrossEntropyLoss"'),
        ('use = "cross_entropy"', 'use = "adam"'),
        ('use = "cross_entropy"', 'use = "flodl-nn/crossentropie"'),
        ('use = "adam"', 'use = "loss:adam"'),
        ('through = "relu"', 'through = "relo"'),
        ('through = "relu"', 'thruogh = "relu"'),
        ('through = "relu"', 'through = { use = "relo" }'),
        ('through = "relu"', 'also = { flow = [{ through = "relo" }] }'),
        ('through = "relu"', 'split = ["relu", "relo"]'),
        ('through = "relu"', 'merge = "relu"'),
        ('"terminal"', '"terminl"'),
        ('use = "csv"', 'use = "cvs"'),
        ('path = "out/deep/model.safetensors"', 'path = "model.pt"'),
        ('[model]\nlabel = "small"', '[model]\nlabel = "my model"'),
    ],
)
def test_a_mistype_is_underlined(schema, small, was, now):
    """Tables, keys, values and names, in nested flows too."""
    assert accepts(schema, small)
    assert was in small
    assert not accepts(schema, small.replace(was, now, 1))


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ('use = "adam"', 'use = "flodl-nn/adam"'),
        ('use = "adam"', 'use = "optimizer:Adam"'),
        ('through = "relu"', 'through = "op:softmax"'),
        ('through = "relu"', 'split = ["relu", { use = "relu" }]\n[[model.flow]]\nmerge = "mean"'),
        ('through = "relu"', 'also = { label = "part", flow = [{ through = "relu" }] }'),
        ('through = "relu"', 'gate = "softmax_router"\nexperts = ["relu", "tanh"]\ndim = 16'),
        ('through = "relu"', 'tag = "h"'),
        ("[train]", '[[schedule]]\nuse = "cosine"\nargs = [9]\nafter = 3\n[[schedule]]\nuse = "constant"\n[train]'),
        ("[train]", '[[rules]]\nwhen = { trend = "val_loss", stalled = 10 }\ndo = "stop"\n[train]'),
    ],
)
def test_every_way_to_say_it_is_in_order(schema, small, was, now):
    """Full names, aliases, ops, nested flows, several schedules, rules."""
    assert was in small
    assert accepts(schema, small.replace(was, now, 1))


@pytest.mark.parametrize("name", TABLES)
def test_it_accepts_what_the_reader_does(schema, name):
    """Each key of each table, value for value."""
    table = schema["properties"][name]
    properties = table.get("anyOf", [table])[0]["properties"]
    keys = {key.name: key.metadata["form"] for key in fields(TABLES[name]) if "form" in key.metadata}
    assert list(keys) == list(properties)
    for key, form in keys.items():
        for value in VALUES:
            if key not in BROADER:
                assert form.accepts(value) == fits(value, properties[key], schema), (name, key, value)


@pytest.mark.parametrize("kind", ["dataset", "loss", "optimizer", "scheduler", "sink", "module", "merge_op"])
def test_every_registered_name_is_completed(schema, kind):
    """Those of plugins as those that are built in; aliases are understood."""
    offered = schema["$defs"][kind]["anyOf"][0]["enum"]
    for component in components.list(kind, deprecated=True):
        assert component.name in offered
        for name in (component.name, *component.spec.aliases, component.qualified, component.id):
            assert fits(name, schema["$defs"][kind], schema), name


def test_every_word_is_a_key(schema):
    """With its summary, for the editor to show."""
    for word in components.list("word"):
        assert word.spec.summary == schema["$defs"]["node"]["properties"][word.name]["description"]


def test_the_command_prints_it_without_torch(schema):
    """JSON on stdout, nothing else; all made from declarations."""
    program = (
        "import sys; from flodl_cli.main import main; code = main(['schema']); assert 'torch' not in sys.modules; "
        "sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert (0, "") == (done.returncode, done.stderr)
    assert schema == json.loads(done.stdout)
