"""The schema: every fault of a file together, each with its place and a way out."""

from __future__ import annotations

import pytest
from attrs import fields
from flodl_cli.experiment.document import Document
from flodl_cli.experiment.faults import Faults
from flodl_cli.experiment.lines import find_lines, without_text
from flodl_cli.experiment.schema import REQUIRED, TABLES
from flodl_cli.experiment.validate import read_tables
from flodl_cli.toml import loads
from flodl_core.errors import ExperimentError, FlodlError

GOOD = """\
[data]
use = "digits"
flat = false
[model]
[[model.flow]]
through = "linear"
args = [64, 10]
[loss]
use = "cross_entropy"
[optimizer]
use = "adamw"
lr = 1e-3
[train]
epochs = 3
"""


def parsed(toml):
    """A document of a text."""
    return Document("exp.toml", loads(toml), find_lines(without_text(toml)))


def faults_of(toml):
    """What is wrong with a text: (what, line, mend)."""
    document = parsed(toml)
    faults = Faults(document)
    read_tables(document, faults)
    return [(fault.what, fault.where.line, fault.mend) for fault in faults.found]


def test_good_file_has_defaults_and_options():
    """Values that are left out have their defaults; other keys are the component's own."""
    document = parsed(GOOD)
    faults = Faults(document)
    tables = read_tables(document, faults)
    assert [] == faults.found
    assert (0.2, 64, {"flat": False}) == (tables["data"].holdout, tables["data"].batch_size, tables["data"].options)
    assert {"lr": 1e-3} == tables["optimizer"].options
    assert ("linear",) == tuple(node["through"] for node in tables["model"].flow)
    assert "auto" == tables["train"].device


@pytest.mark.parametrize(
    ("line", "what", "mend"),
    [
        ("epoch = 3", "[train] has no key 'epoch'", "did you mean 'epochs'?"),
        (
            "zzz = 3",
            "[train] has no key 'zzz'",
            "keys of [train]: epochs, seed, device, threads, clip_norm, accumulate, precision, groups, compile",
        ),
        (
            'epochs = "many"',
            "[train] epochs is a whole number, at least 1, got 'many' (a string)",
            "epochs = 20",
        ),
        ("epochs = 0", "[train] epochs is a whole number, at least 1, got 0 (an integer)", "epochs = 20"),
        ("epochs = true", "[train] epochs is a whole number, at least 1, got true (a boolean)", "epochs = 20"),
        ("epochs = 3.0", "[train] epochs is a whole number, at least 1, got 3.0 (a float)", "epochs = 20"),
        ("clip_norm = nan", "[train] clip_norm is a number above 0, got nan (a float)", None),
        (
            'device = "gpu"',
            '[train] device is "auto", "cpu", "cuda" or "cuda:1", got \'gpu\' (a string)',
            'device = "auto"',
        ),
        ("seed = [1]", "[train] seed is a whole number, at least 0, got a list of 1", "seed = 0"),
    ],
)
def test_wrong_key_or_value_tells_table_key_expected_and_got(line, what, mend):
    """A fault names table and key, what is expected and what was found, with the line and a way out."""
    toml = GOOD.replace("epochs = 3", line if line.startswith("epochs") else f"epochs = 3\n{line}")
    ((said, at, way),) = faults_of(toml)
    assert what == said
    assert toml.splitlines().index(line) + 1 == at
    assert way == mend or mend is None


@pytest.mark.parametrize("value", ["os:system", "os.system", "acme.layers.AcmeGLU", "builtins:eval"])
@pytest.mark.parametrize("key", ["use", "target", "_target_", "class_path"])
def test_code_paths_are_no_names(key, value):
    """A path to code, where a name is due or under a name like `target`, is refused: names only."""
    toml = GOOD.replace('use = "cross_entropy"', f'{key} = "{value}"' + ("" if key == "use" else '\nuse = "mse"'))
    ((said, at, mend),) = faults_of(toml)
    assert f"[loss] {key}: {value!r} is a path to code, not a name" == said
    assert 9 == at
    assert "names only" in mend


@pytest.mark.parametrize("name", ["adamw", "flodl-nn/adamw", "optimizer:flodl-nn/adamw", "AdamW"])
def test_full_names_are_names(name):
    """Every form of a full name passes the schema."""
    assert [] == faults_of(GOOD.replace('"adamw"', f'"{name}"'))


@pytest.mark.parametrize("table", REQUIRED)
def test_missing_table_is_said(table):
    """A required table that is missing is a fault with the keys that it needs."""
    document = parsed(GOOD)
    data = {name: value for name, value in document.data.items() if name != table}
    faults = Faults(Document("exp.toml", data))
    read_tables(faults.document, faults)
    (fault,) = faults.found
    assert f"table [{table}] is missing" == fault.what
    assert fault.mend.startswith(f"add [{table}] with ")


def test_mistyped_table_is_one_fault():
    """[optimiser] is said once, as a mistyped [optimizer], and not also as missing."""
    assert [("unknown table [optimiser]", 10, "did you mean 'optimizer'?")] == faults_of(
        GOOD.replace("[optimizer]", "[optimiser]")
    )


def test_mistyped_key_is_one_fault():
    """A required key under a mistyped name is said once, and not also as missing."""
    assert [("[train] has no key 'epoch'", 14, "did you mean 'epochs'?")] == faults_of(
        GOOD.replace("epochs = 3", "epoch = 3")
    )


@pytest.mark.parametrize(
    ("line", "mend"),
    [
        ('keep_best = "loss"', 'folder = "runs/states", or leave keep_best out'),
        ("every = 10", 'folder = "runs/states", or leave every out'),
        ("keep_last = 5", 'folder = "runs/states", or leave keep_last out'),
        ("resume = true", 'folder = "runs/states", or leave resume out'),
        ('folder = "states"\ngoal = "max"', 'keep_best = "val_loss", or leave goal out'),
        ("keep_last = 3", None),
        ('folder = "states"\nkeep_best = "loss"\ngoal = "max"', None),
    ],
)
def test_key_that_says_nothing_alone(line, mend):
    """What a folder of states keeps means nothing without one; a default may stand anywhere."""
    faults = faults_of(f'{GOOD}[checkpoint]\npath = "a.safetensors"\n{line}\n')
    assert [mend] * (mend is not None) == [way for _, _, way in faults]
    assert all("says nothing without the key" in said for said, _, _ in faults)


def test_table_without_a_header_of_its_own_has_a_line():
    """`[[models.flow]]` alone makes a table `models`: it begins there."""
    ((said, at, _),) = (fault for fault in faults_of(GOOD.replace("[[model.", "[[models.")) if "unknown" in fault[0])
    assert ("unknown table [models]", 5) == (said, at)


@pytest.mark.parametrize(("line", "what"), [("loss = 3", "[loss] is a table, got 3 (an integer)"), ("x = 1", None)])
def test_value_where_a_table_is_due(line, what):
    """A plain value at the top of the file is a fault."""
    toml = GOOD.replace('[loss]\nuse = "cross_entropy"\n', "") if line.startswith("loss") else GOOD
    ((said, at, _),) = faults_of(f"{line}\n{toml}")
    assert (what or "unknown key 'x'", 1) == (said, at)


@pytest.mark.parametrize("flow", ["flow = []", "flow = 3", 'flow = ["linear"]'])
def test_flow_is_a_list_of_tables(flow):
    """A flow that is empty, or of something else, is a fault."""
    toml = GOOD.replace('[[model.flow]]\nthrough = "linear"\nargs = [64, 10]', flow)
    ((said, at, _),) = faults_of(toml)
    assert said.startswith("[model] flow is one table per node, written [[model.flow]], got ")
    assert 5 == at


def test_schedules_may_be_several():
    """[schedule] and [[schedule]] are both read; a fault in one has its own line."""
    two = GOOD + '[[schedule]]\nuse = "warmup"\nargs = [5]\n[[schedule]]\nuse = "cosine"\nper = "day"\n'
    ((said, at, _),) = faults_of(two)
    assert '[schedule] per is "step" or "epoch", got \'day\' (a string)' == said
    assert 20 == at
    assert [] == faults_of(GOOD + '[schedule]\nuse = "cosine"\n')


def test_checkpoint_is_a_safetensors_file():
    """The suffix says what the file is; another file cannot be replaced by mistake."""
    ((said, _, mend),) = faults_of(GOOD + '[checkpoint]\npath = "/etc/passwd"\n')
    assert "[checkpoint] path is a path that ends in .safetensors, got '/etc/passwd' (a string)" == said
    assert 'path = "runs/model.safetensors"' == mend


def test_all_faults_are_raised_together_in_the_order_of_the_file():
    """One run of the command tells everything."""
    toml = GOOD.replace("epochs = 3", "epochs = 0\nepoch = 1").replace('"digits"', '"os.system"')
    document = parsed(toml)
    faults = Faults(document)
    read_tables(document, faults)
    with pytest.raises(ExperimentError) as caught:
        faults.raise_any()
    assert [2, 14, 15] == [part.where.line for part in caught.value.parts]


def test_adopted_faults_keep_their_own_place():
    """Somebody else's error gets the place in the file only when it has none."""
    faults = Faults(parsed(GOOD))
    faults.adopt(FlodlError("a"), "train", "epochs")
    faults.adopt(FlodlError("b", where="elsewhere:3"), "train", "epochs")
    assert ["exp.toml:14", "elsewhere:3"] == [str(fault.where) for fault in faults.found]


@pytest.mark.parametrize("table", TABLES)
def test_every_key_says_what_it_is_for(table):
    """The schema explains each key, and tells how a value must look."""
    for key in fields(TABLES[table]):
        assert key.metadata["help"]
        assert "form" in key.metadata or key.name == "options"
