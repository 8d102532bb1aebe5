"""docs/why/libraries.md has a reason for everything that is installed."""

from __future__ import annotations

from projects import ROOT, projects, third_party

PAGE = ROOT / "docs" / "why" / "libraries.md"


def test_every_dependency_has_its_line():
    """Each library that a distribution requires, extras too, is in the first column of a table."""
    rows = [line.split("|")[1] for line in PAGE.read_text().splitlines() if line.startswith("|")]
    explained = {name.strip().split()[0] for row in rows for name in row.split(",") if name.strip()}
    assert set() == {need.name for need in third_party(projects())} - explained
