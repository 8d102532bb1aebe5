"""`tools/metadata.py`: PYTHONPATH as an installation."""

from __future__ import annotations

from importlib.metadata import distributions

import pytest
from metadata import write_metadata
from projects import Project, Requirement, projects


@pytest.mark.parametrize("project", projects(), ids=lambda project: project.name)
def test_written_metadata_is_read_back(project, tmp_path):
    """The standard library finds name, version, requirements and entry points as pyproject.toml has them."""
    write_metadata(tmp_path, project)
    (found,) = distributions(path=[str(tmp_path)])
    assert (project.name, project.version) == (found.name, found.version)
    assert [need.text for need in project.requirements] == [
        line for line in found.requires or [] if "extra" not in line
    ]
    written = {(entry.group, entry.name, entry.value) for entry in found.entry_points}
    expected = {(group, *item) for group, entries in project.entry_points.items() for item in entries.items()}
    assert expected | {("console_scripts", *item) for item in project.scripts.items()} == written


def test_marker_within_an_extra(tmp_path):
    """A marker inside an extra keeps its own condition."""
    need = Requirement.parse("tomli>=2; python_version < '3.11'")
    project = Project(tmp_path, "x", "1.0", "", ">=3.10", (), {"toml": (need,)}, {})
    text = (write_metadata(tmp_path, project) / "METADATA").read_text()
    assert "Requires-Dist: tomli>=2; (python_version < '3.11') and extra == 'toml'" in text
