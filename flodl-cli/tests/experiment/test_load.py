"""`flodl run` before anything heavy: faults, names, missing parts; as users meet them."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

GOOD = '[data]\nuse = "rows"\n[model]\nflow = [{ through = "layer" }]\n[loss]\nuse = "gap"\n'
GOOD += '[optimizer]\nuse = "walk"\n[train]\nepochs = 1\n'
ALONE = find_spec("flodl_graph") is None


@pytest.fixture
def experiment(here):
    """Write an experiment file into the current folder."""

    def write(toml):
        (here / "exp.toml").write_text(toml)
        return "exp.toml"

    return write


def test_faults_are_three_lines_each_and_exit_2(flodl, experiment, site):
    """Two faults are six lines on stderr; stdout is empty; torch is not imported."""
    done = flodl("run", experiment(GOOD.replace("epochs = 1", "epochs = 0\nepoch = 1")))
    assert (2, "") == (done.returncode, done.stdout)
    expected = [
        "ExperimentError: [train] epochs is a whole number, at least 1, got 0 (an integer)",
        "  at: exp.toml:10",
        "  try: epochs = 20",
        "ExperimentError: [train] has no key 'epoch'",
        "  at: exp.toml:11",
        "  try: did you mean 'epochs'?",
    ]
    assert "\n".join(expected) in done.stderr
    assert not (site / "torch_was_imported").exists()


@pytest.mark.parametrize("file", ["missing.toml", ".", "exp.toml/x"])
def test_what_cannot_be_read_is_three_lines(flodl, experiment, file):
    """A missing file, a folder, a path through a file: three lines, exit 2."""
    experiment(GOOD)
    done = flodl("run", file)
    assert (2, "", 3) == (done.returncode, done.stdout, len(done.stderr.splitlines()))
    assert done.stderr.startswith("ExperimentError: ")


def test_control_characters_of_a_file_do_not_reach_the_terminal(flodl, experiment):
    """A key with an escape sequence is shown without it."""
    done = flodl("run", experiment(GOOD + '"\\u001b[31mx" = 1\n'))
    assert 2 == done.returncode
    assert "\x1b" not in done.stderr


@pytest.mark.skipif(not ALONE, reason="the parts that training needs are installed here")
def test_missing_part_is_named_with_the_command(flodl, experiment):
    """Without flodl-graph, a good file is answered with what to install."""
    done = flodl("run", experiment(GOOD))
    assert (1, "") == (done.returncode, done.stdout)
    what, where, mend = done.stderr.splitlines()
    assert what.startswith("MissingDistribution: flodl run needs ")
    assert "flodl-graph" in what
    assert "  at: flodl run" == where
    assert "flodl-graph flodl-nn flodl-monitor" in mend


@pytest.mark.skipif(ALONE, reason="names are looked up only where every part is installed")
def test_unknown_names_are_told_together(flodl, experiment, site):
    """Every unknown name is told with its line, before torch is imported."""
    done = flodl("run", experiment(GOOD))
    assert 2 == done.returncode
    told = [line for line in done.stderr.splitlines() if line.startswith("UnknownComponent")]
    assert [
        "UnknownComponent: no dataset is called 'rows'",
        "UnknownComponent: no module is called 'layer'",
        "UnknownComponent: no loss is called 'gap'",
        "UnknownComponent: no optimizer is called 'walk'",
    ] == told
    assert "  at: exp.toml:6" in done.stderr
    assert not (site / "torch_was_imported").exists()


@pytest.mark.skipif(ALONE, reason="names are looked up only where every part is installed")
def test_what_is_no_sink_is_told_once(flodl, experiment):
    """A sink that is no name and no table is a fault of the list, and not also of a name."""
    done = flodl("run", experiment(GOOD + "[monitor]\nsinks = [3]\n"))
    assert 1 == sum("sink" in line for line in done.stderr.splitlines() if "Error: " in line)
