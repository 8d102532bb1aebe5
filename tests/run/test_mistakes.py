"""What is wrong with an experiment shows before training, in three lines, with the line of the file."""

from __future__ import annotations

import pytest


def told(done):
    """The errors on stderr, three lines each; plugin remarks aside."""
    lines = done.stderr.splitlines()
    starts = [index for index, line in enumerate(lines) if line.partition(":")[0].endswith(("Error", "Component"))]
    return [lines[start : start + 3] for start in starts]


def replaced(small, before, after):
    """The experiment with one line changed, and that line's number."""
    assert before in small
    toml = small.replace(before, after, 1)
    return toml, toml[: toml.index(after)].count("\n") + 1


@pytest.mark.parametrize(
    ("before", "after", "first", "mend"),
    [
        ('use = "iris"', 'use = "iri"', "UnknownComponent: no dataset is called 'iri'", "iris"),
        ('use = "adam"', 'use = "adan"', "UnknownComponent: no optimizer is called 'adan'", "adam"),
        ('through = "relu"', 'through = "rellu"', "UnknownComponent: no module is called 'rellu'", "relu"),
        ('through = "relu"', 'throuhg = "relu"', "BuildError: no word among the keys throuhg", "through"),
        ("lr = 0.02", 'lr = "fast"', "ComponentError: adam: argument 'lr' is float", None),
        ("lr = 0.02", "lrr = 0.02", "ComponentError: adam takes no argument 'lrr'", "lr"),
        ("batch_size = 16", "shuffle = 16", "ComponentError: iris takes no argument 'shuffle'", None),
        ("args = [16, 3]", "args = [15, 3]", "ShapeError: ", None),
        (
            "args = [16, 3]",
            "args = [16, 2]",
            "ExperimentError: the data has classes up to 2, the model has 2",
            "3 outputs",
        ),
        ("args = [4, 16]", 'args = ["4", 16]', "", "flodl show module NAME"),
        ("args = [4, 16]", "args = [-4, 16]", "ComponentError: linear: ", "flodl show module NAME"),
        ("lr = 0.02", "lr = -1", "ComponentError: adam: Invalid learning rate", "flodl show optimizer adam"),
        ("[train]", '[schedule]\nuse = "cosine"\nargs = [-3]\n[train]', "ExperimentError: cosine(): steps", None),
        ("lr = 0.02", "clip_norm = 1.0", "ComponentError: adam takes no argument 'clip_norm'", "a key of [train]"),
        ("lr = 0.02", "epochs = 3", "ComponentError: adam takes no argument 'epochs'", "a key of [train]"),
        ('device = "cpu"', "batch_size = 8", "ExperimentError: [train] has no key 'batch_size'", "a key of [data]"),
        (
            "[train]",
            '[[schedule]]\nuse = "constant"\n[[schedule]]\nuse = "cosine"\nargs = [3]\n[train]',
            "ExperimentError: constant() never ends",
            "after = 100",
        ),
        (
            "[train]",
            '[schedule]\nuse = "plateau"\nargs = ["val_los"]\n[train]',
            "ExperimentError: plateau(metric='val_los') reads 'val_los', which no epoch",
            "'val_loss'",
        ),
        ('path = "out/deep/metrics.csv"', "path = 3", "ExperimentError: 3 is no path of a file", None),
        ('"cross_entropy"', '"mse"', "ShapeError: model, data and loss do not fit each other: Using a target", None),
        ('device = "cpu"', 'device = "cuda:99"', "TensorError: device 'cuda", None),
        ("batch_size = 16", "holdout = 0.001", "ExperimentError: [data] holdout = 0.001", None),
        (
            'use = "cross_entropy"',
            'use = "cross_entropy"\nreduction = "none"',
            "ExperimentError: the loss is one number",
            "mean",
        ),
    ],
)
def test_mistake_is_three_lines_with_its_place(flodl_here, small, before, after, first, mend):
    """Exit 2, nothing on stdout, one error of three lines that names a line of the file."""
    toml, _ = replaced(small, before, after)
    done = flodl_here("run", "exp.toml", toml=toml)
    assert (2, "") == (done.returncode, done.stdout), done.stderr
    (error,) = told(done)
    assert error[0].startswith(first)
    assert error[1].startswith("  at: exp.toml:")
    assert error[2].startswith("  try: ")
    assert mend is None or mend in error[2]
    assert "Traceback" not in done.stderr


def test_name_mistake_has_its_own_line(flodl_here, small):
    """The place is the line of the key."""
    toml, line = replaced(small, 'use = "adam"', 'use = "adan"')
    assert f"  at: exp.toml:{line}" == told(flodl_here("run", "exp.toml", toml=toml))[0][1]


def test_all_arguments_are_told_together(flodl_here, small):
    """Wrong arguments of several components are told in one go."""
    toml = small.replace("lr = 0.02", "lrr = 1").replace('path = "out/deep/metrics.csv"', 'paht = "x.csv"')
    assert 2 <= len(told(flodl_here("run", "exp.toml", toml=toml)))


@pytest.mark.parametrize(
    "line", ['target = "os:system"', 'use = "os:system"', 'use = "os.system"', '_target_ = "builtins.eval"']
)
@pytest.mark.parametrize("table", ["loss", "optimizer", "data"])
def test_code_in_a_file_is_not_imported(flodl_here, small, tmp_path, table, line):
    """A path to code is refused as no name; a module that lies about is not imported."""
    (tmp_path / "evil.py").write_text("import pathlib; pathlib.Path('was_imported').touch()")
    name = {"loss": "cross_entropy", "optimizer": "adam", "data": "iris"}[table]
    use = f'use = "{name}"'
    evil = line.replace("os:system", "evil:run").replace("os.system", "evil.run").replace("builtins.eval", "evil.run")
    toml = small.replace(use, evil if evil.startswith("use") else f"{use}\n{evil}")
    done = flodl_here("run", "exp.toml", toml=toml)
    assert 2 == done.returncode
    assert "is a path to code, not a name" in done.stderr
    assert not (tmp_path / "was_imported").exists()


@pytest.mark.parametrize("value", ['"evil:run"', '{ use = "evil.run" }', '{ flow = [{ through = "evil:run" }] }'])
def test_code_in_a_flow_is_not_imported(flodl_here, small, tmp_path, value):
    """Neither is one inside the flow, however deep."""
    (tmp_path / "evil.py").write_text("import pathlib; pathlib.Path('was_imported').touch()")
    done = flodl_here("run", "exp.toml", toml=small.replace('through = "relu"', f"through = {value}"))
    assert 2 == done.returncode
    assert not (tmp_path / "was_imported").exists()
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("checking", [["--check"], []])
@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("there", "CheckpointError: the training states go to a folder, and this is a file"),
        ("out/deep/model.safetensors", "ExperimentError: the training states would replace the checkpoint"),
    ],
)
def test_folder_of_states_that_cannot_be(flodl_here, small, tmp_path, folder, said, checking):
    """A folder that is a file, or is to be one, costs no epoch."""
    (tmp_path / "there").write_text("")
    toml = small.replace("[checkpoint]", f'[checkpoint]\nfolder = "{folder}"')
    done = flodl_here("run", "exp.toml", *checking, toml=toml)
    assert "" == done.stdout
    ((first, at, _),) = told(done)
    assert (said, f"  at: {folder}") == (first, at)


def test_unwritable_output_is_told_before_training(flodl_here, small, tmp_path):
    """A path that cannot be written costs no epoch: three lines, exit 1."""
    (tmp_path / "file").write_text("")
    done = flodl_here("run", "exp.toml", toml=small.replace("out/deep/model", "file/model"))
    assert (1, "") == (done.returncode, done.stdout)
    ((first, _, _),) = told(done)
    assert first.startswith("CheckpointError: the checkpoint cannot be written: ")
    assert "epoch" not in done.stderr


def test_full_disk_is_told_before_training(flodl, small):
    """Where there is no room for the checkpoint, no epoch is trained."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 15, hard))
    try:
        done = flodl("run", "exp.toml", toml=small)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert 1 == done.returncode
    assert "epoch 1/3" not in done.stderr
    assert "CheckpointError: the checkpoint cannot be written: File too large" in done.stderr


@pytest.mark.parametrize("path", ["exp.toml", "./exp.toml", "out/deep/metrics.csv"])
def test_outputs_may_not_collide(flodl_here, small, tmp_path, path):
    """No output replaces another, or the experiment itself."""
    toml = small.replace('["terminal", {', f'["terminal", {{ use = "jsonl", path = "{path}" }}, {{')
    done = flodl_here("run", "exp.toml", toml=toml)
    assert 2 == done.returncode
    assert "would replace" in done.stderr
    assert toml == (tmp_path / "exp.toml").read_text()


def test_disabled_part_is_told(flodl, small):
    """Where the graph's plugin is disabled, the names it would bring are unknown, and why is said."""
    done = flodl("run", "exp.toml", toml=small, FLODL_DISABLE_PLUGINS="flodl-nn")
    assert 2 == done.returncode
    assert "flodl-nn" in done.stderr


def test_the_schedule_that_cannot_be_made_is_told(flodl_here, small):
    """Of several, the one: by its line and by its name."""
    two = '[[schedule]]\nuse = "warmup"\nsteps = 4\n\n[[schedule]]\nuse = "cosine"\nsteps = -3\n\n[train]'
    toml = small.replace("[train]", two, 1)
    (error,) = told(flodl_here("run", "exp.toml", "--check", toml=toml))
    line = toml[: toml.index('use = "cosine"')].count("\n")
    assert error[0] == "ExperimentError: cosine(): steps is a whole number of at least 1, got -3"
    assert error[1:] == [f"  at: exp.toml:{line}", "  try: flodl show scheduler cosine"]
