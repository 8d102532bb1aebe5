"""The distributions of this repository, read from their pyproject.toml files: the one list that every tool uses.

Standard library only: the tools run before anything is installed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    from pip._vendor import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
FIRST_PARTY = ("flodl-core", "flodl-nn", "flodl-graph", "flodl-monitor", "flodl-cli")
REQUIREMENT = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)\s*(\[(?P<extras>[^\]]*)\])?\s*(?P<versions>[^;]*?)\s*(;.*)?$")


def normal(name: str) -> str:
    """The one spelling of a distribution's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(frozen=True)
class Requirement:
    """One line of `dependencies`, taken apart."""

    name: str
    extras: tuple[str, ...]
    versions: str
    text: str

    @classmethod
    def parse(cls, text: str) -> Requirement:
        match = REQUIREMENT.match(text)
        if match is None:
            raise SystemExit(f"cannot read the requirement {text!r}")
        extras = tuple(part.strip() for part in (match["extras"] or "").split(",") if part.strip())
        return cls(normal(match["name"]), extras, match["versions"], text)


@dataclass(frozen=True)
class Project:
    """One distribution: where it lives and what its pyproject.toml declares."""

    folder: Path
    name: str
    version: str
    summary: str
    requires_python: str
    requirements: tuple[Requirement, ...]
    extras: dict[str, tuple[Requirement, ...]]
    scripts: dict[str, str]
    entry_points: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def package(self) -> str:
        """The name it is imported by."""
        return self.name.replace("-", "_")

    @property
    def source(self) -> Path:
        return self.folder / "src"

    @property
    def tests(self) -> Path:
        return self.folder / "tests"

    def files(self) -> list[Path]:
        """The Python files of the package itself."""
        return sorted((self.source / self.package).rglob("*.py"))


def read_project(folder: Path) -> Project:
    """The distribution whose pyproject.toml lies in `folder`."""
    table: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    extras = table.get("optional-dependencies", {})
    return Project(
        folder=folder,
        name=normal(table["name"]),
        version=table["version"],
        summary=table["description"],
        requires_python=table["requires-python"],
        requirements=tuple(map(Requirement.parse, table.get("dependencies", ()))),
        extras={name: tuple(map(Requirement.parse, texts)) for name, texts in extras.items()},
        scripts=table.get("scripts", {}),
        entry_points=table.get("entry-points", {}),
    )


def projects() -> tuple[Project, ...]:
    """Every distribution: the five, the plugins in alphabetical order, the umbrella last."""
    plugins = sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))
    return tuple(map(read_project, [*(ROOT / name for name in FIRST_PARTY), *plugins, ROOT]))


def by_name() -> dict[str, Project]:
    return {project.name: project for project in projects()}


def closure(names: Iterable[str]) -> list[Project]:
    """The named distributions with every distribution of this repository that they declare, in no wider sense."""
    known, found, waiting = by_name(), dict[str, Project](), [normal(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        if name not in known:
            raise SystemExit(f"no distribution here is called {name!r}; there are {', '.join(known)}")
        found[name] = known[name]
        waiting += [need.name for need in known[name].requirements if need.name in known]
    return [project for project in known.values() if project.name in found]


def third_party(wanted: Iterable[Project], *, extras: bool = True) -> Iterator[Requirement]:
    """What these distributions need from the package index, each line once."""
    known, seen = by_name(), set[str]()
    for project in wanted:
        optional = [need for needs in project.extras.values() for need in needs] if extras else []
        for need in (*project.requirements, *optional):
            if need.name not in known and need.text not in seen:
                seen.add(need.text)
                yield need


if __name__ == "__main__":
    if sys.argv[1:] != ["third-party"]:
        raise SystemExit("usage: python tools/projects.py third-party")
    print("\n".join(need.text for need in third_party(projects())))
