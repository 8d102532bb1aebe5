"""Experiment files that cannot be used: three lines each, exit code 2, nothing imported, nothing left behind."""

from __future__ import annotations

import re

import pytest
from projects import ROOT

EXAMPLE = re.sub(r"(?m)^epochs = \d+", "epochs = 20", (ROOT / "examples" / "digits.toml").read_text())
FAULTS = {
    "unknown name": (EXAMPLE.replace('use = "adamw"', 'use = "adamx"'), "adamx"),
    "unknown key": (EXAMPLE.replace("epochs = 20", "epochs = 20\nepoches = 3"), "epoches"),
    "unknown table": (EXAMPLE + "\n[trane]\nepochs = 3\n", "trane"),
    "wrong type": (EXAMPLE.replace("epochs = 20", 'epochs = "many"'), "epochs"),
    "target": (EXAMPLE.replace('use = "adamw"', 'use = "adamw"\ntarget = "os:system"'), "target"),
    "name with a path": (EXAMPLE.replace('use = "adamw"', 'use = "os:system"'), "os:system"),
    "no TOML": ("[data\n", "TOML"),
    "too large": ("#" * (2 << 20), "bytes"),
    "empty": ("", "data"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_three_lines(fault, tmp_path, run_python):
    """What is wrong, where, how to mend it; exit code 2; no traceback, and not a file written."""
    text, word = FAULTS[fault]
    path = tmp_path / "experiment.toml"
    path.write_text(text)
    done = run_python("-m", "flodl_cli", "run", str(path))
    assert 2 == done.returncode, done.stderr
    assert "" == done.stdout
    assert "Traceback" not in done.stderr
    assert word in done.stderr
    marks = [line.strip()[:4] for line in done.stderr.splitlines()]
    assert marks.count("at: ") == marks.count("try:") >= 1
    assert [] == list(run_python.here.iterdir())


def test_missing_file(run_python):
    """A file that is not there is said, with exit code 2."""
    done = run_python("-m", "flodl_cli", "run", "nowhere.toml")
    assert (2, True, False) == (done.returncode, "nowhere.toml" in done.stderr, "Traceback" in done.stderr)


def test_nothing_is_imported_for_a_faulty_file(tmp_path, run_python):
    """A file that names something that no distribution registered imports nothing for it, torch included."""
    path = tmp_path / "experiment.toml"
    path.write_text(FAULTS["target"][0])
    code = (
        "import runpy, sys\nsys.argv = ['flodl', 'run', sys.argv[1]]\n"
        "try:\n    runpy.run_module('flodl_cli', run_name='__main__')\n"
        "finally:\n    print(sorted({'torch', 'sklearn'} & set(sys.modules)))"
    )
    assert "[]\n" == run_python("-c", code, str(path)).stdout
