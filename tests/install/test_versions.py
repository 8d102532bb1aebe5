"""One version, and pins between the distributions that go with it."""

from __future__ import annotations

from importlib.metadata import version

import pytest
from bump import bumped, pin
from projects import projects


def test_one_version():
    """All distributions carry the same version, and the installed ones are these."""
    versions = {project.name: project.version for project in projects()}
    assert 1 == len(set(versions.values()))
    assert versions == {name: version(name) for name in versions}


@pytest.mark.parametrize("project", projects(), ids=lambda project: project.name)
def test_internal_pins(project):
    """A distribution pins the others of its version: `>=X.Y,<X.Y+1`."""
    ours = {other.name for other in projects()}
    needs = [*project.requirements, *(need for extra in project.extras.values() for need in extra)]
    assert {pin(project.version)} >= {need.versions for need in needs if need.name in ours}


def test_bump_changes_version_and_pins_alone():
    """`tools/bump.py` touches the version line and the pins of flodl distributions."""
    text = 'name = "flodl-x"\nversion = "0.1.0"\ndependencies = ["flodl-core[torch]>=0.1,<0.2", "torch>=2.6"]\n'
    expected = 'name = "flodl-x"\nversion = "1.4.2"\ndependencies = ["flodl-core[torch]>=1.4,<1.5", "torch>=2.6"]\n'
    assert expected == bumped(text, "1.4.2")


def test_bump_round_trip():
    """Bumping to the version that is there changes no byte."""
    for project in projects():
        text = (project.folder / "pyproject.toml").read_text()
        assert text == bumped(text, project.version)


def test_bump_refuses_nonsense():
    """A version that is none is refused before any file is touched."""
    with pytest.raises(SystemExit, match="is no version"):
        pin("next")


def test_pre_release_pins_itself():
    """A release candidate's pins let the candidate in."""
    assert ">=1.4.0rc1,<1.5" == pin("1.4.0rc1")
