"""flodl's own distributions, and the plugins of its repository, pass what is asked of a stranger's.

Contracts are proved component by component in tests/exercise; `flodl check flodl-nn` does it all, in some minutes.
"""

from __future__ import annotations

import json
from importlib.metadata import entry_points

import pytest
from flodl_cli.main import main
from projects import projects

WITH_PLUGIN = [project for project in projects() if "flodl" in project.entry_points]
INSTALLED = {point.dist.name for point in entry_points(group="flodl") if point.dist is not None}


def problems(capsys, *arguments):
    """What `flodl check` finds wrong."""
    code = main(["check", *arguments, "--json"])
    found = [f["said"] for f in json.loads(capsys.readouterr().out)["findings"] if f["state"] == "problem"]
    assert bool(found) == bool(code)
    return found


@pytest.mark.parametrize("project", WITH_PLUGIN, ids=lambda project: project.name)
def test_installed_it_passes(project, capsys):
    """Metadata, listing, names, targets, documentation."""
    if project.name not in INSTALLED:
        pytest.skip(f"{project.name} is not installed here")
    assert [] == problems(capsys, project.name, "--quick")


@pytest.mark.parametrize("project", WITH_PLUGIN, ids=lambda project: project.name)
def test_as_a_folder_it_passes(project, capsys):
    """The sources, whatever is installed."""
    assert [] == problems(capsys, str(project.folder), "--quick")


def test_a_plugin_of_this_repository_keeps_its_contract(capsys):
    """All of it, by the command that strangers use."""
    assert [] == problems(capsys, "flodl-lion")
