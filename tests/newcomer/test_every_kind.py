"""What `flodl new plugin` writes is finished: of every kind, with no edits."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from flodl_cli.main import main
from flodl_cli.scaffold.kinds import BEGINNINGS
from flodl_core.component import KINDS
from flodl_core.testing import PUBLISHED, suite_of
from projects import ROOT, projects


def test_there_is_a_beginning_for_every_kind():
    """Whatever can be brought can be begun."""
    assert list(KINDS) == list(BEGINNINGS)


def test_the_page_publishes_the_numbers():
    """How many checks the contract of each kind has."""
    page = " ".join((ROOT / "docs" / "how-to" / "write-a-plugin.md").read_text().split())
    for kind, number in PUBLISHED.items():
        name = "data set" if kind == "dataset" else kind.replace("_", " ")
        assert re.search(rf"\b{name} {number}[,;]", page), kind


def test_their_own_tests_pass(new_plugins):
    """Doctests too; the summary counts the contracts of all of them."""
    folders = [str(folder / part) for folder in new_plugins.values() for part in ("src", "tests")]
    options = ["-q", "-p", "no:cacheprovider", "-W", "error::pytest.PytestWarning", "--import-mode=importlib"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--doctest-modules", *folders],
        cwd=new_plugins["module"].parent,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    assert f"flodl checks of {len(KINDS)} components: " in done.stdout
    assert " 0 failed, 0 expected to fail, 0 skipped" in done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_it_passes_the_check(kind, new_plugins, capsys):
    """Nothing is found, not even a note; all that the kind publishes was asked, and nothing was skipped."""
    assert 0 == main(["check", new_plugins[kind].name, "--json"])
    data = json.loads(capsys.readouterr().out)
    assert {"ok"} == {finding["state"] for finding in data["findings"]}
    (listing,) = data["listings"]
    assert [] == listing["heavy"]
    contract = data["contract"]
    assert {kind: PUBLISHED[kind]} == contract["published"]
    assert (0, 0) == (contract["totals"]["failed"], contract["totals"]["skipped"])


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_exercised_as_ours_are(kind, new_plugins, capsys):
    """By `flodl exercise --plugin`, with the very checks that its kind's suite has."""
    assert 0 == main(["exercise", "--plugin", new_plugins[kind].name, "--json"])
    (data,) = json.loads(capsys.readouterr().out)["components"]
    asked = [check["check"] for check in data["checks"]]
    due = ["loads", *(check.name for check in suite_of(kind) if "cpu" in check.devices)]
    assert due == asked[: len(due)]
    assert {"passed"} == {check["outcome"] for check in data["checks"]}


@pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="mypy is not installed here")
def test_they_are_strictly_typed(new_plugins, tmp_path):
    """All of them, their tests too, in one run of mypy --strict, which reads torch once."""
    for kind, folder in new_plugins.items():
        for test in (folder / "tests").glob("*.py"):
            shutil.copy(test, tmp_path / f"{test.stem}_of_{kind}.py")  # one module of a name
    sources = [str(folder / "src") for folder in new_plugins.values()]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--python-version",
            "3.10",
            *sources,
            *map(str, tmp_path.glob("*.py")),
        ],
        cwd=ROOT,
        env={**os.environ, "MYPYPATH": os.pathsep.join([*sources, *(str(project.source) for project in projects())])},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
