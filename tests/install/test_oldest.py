"""The least versions are declared, in a form that can be installed and tried."""

from __future__ import annotations

import pytest
from oldest import least, pins
from projects import Requirement, projects, third_party


@pytest.mark.parametrize("need", sorted({need.text for need in third_party(projects())}))
def test_every_requirement_has_a_least_version(need):
    """So that it can be tried: a requirement without one claims every version there ever was."""
    assert "==" in least(Requirement.parse(need))


def test_a_floor_becomes_a_pin():
    """With its marker; what is excluded above does not matter."""
    assert "click==8.2" == least(Requirement.parse("click>=8.2,<9"))
    assert "tomli==2.0.1; python_version < '3.11'" == least(Requirement.parse("tomli>=2.0.1; python_version < '3.11'"))
    with pytest.raises(SystemExit, match="declares no least version"):
        least(Requirement.parse("click<9"))


def test_each_library_is_pinned_once():
    """At the highest of what is asked for."""
    names = [pin.partition("==")[0] for pin in pins()]
    assert len(set(names)) == len(names)
    assert {"torch", "numpy", "attrs", "pluggy", "click"} <= set(names)


def test_floors_of_torch_agree():
    """Every distribution that needs torch asks for the same one: the oldest that was run."""
    found = {need.versions for project in projects() for need in project.requirements if need.name == "torch"}
    assert {">=2.6"} == found
