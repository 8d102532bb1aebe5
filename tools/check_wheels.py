"""Assert what is in each wheel and sdist, and what is not.

Usage: python tools/check_wheels.py FOLDER
"""

from __future__ import annotations

import configparser
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser
from pathlib import Path

from projects import Project, Requirement, projects


def wheel_problems(project: Project, wheel: Path) -> Iterator[str]:
    """What is wrong with one wheel, a line each."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        info = f"{project.package}-{project.version}.dist-info"
        metadata = Parser().parsestr(archive.read(f"{info}/METADATA").decode())
        entry_points = archive.read(f"{info}/entry_points.txt").decode() if f"{info}/entry_points.txt" in names else ""
    yield from content_problems(project, names, info)
    yield from metadata_problems(project, metadata)
    yield from entry_point_problems(project, entry_points)


def content_problems(project: Project, names: list[str], info: str) -> Iterator[str]:
    strays = {name.split("/")[0] for name in names} - {project.package, info}
    if strays:
        yield f"stray top-level entries {sorted(strays)}"
    for needed in (f"{project.package}/__init__.py", f"{project.package}/py.typed", f"{info}/licenses/LICENSE"):
        if needed not in names:
            yield f"no {needed}"
    for name in names:
        tests = "/tests/" in name and not name.endswith(".in")  # a template of a new plugin's tests does
        if tests or name.endswith((".pyc", ".orig", ".rej")):
            yield f"{name} does not belong in a wheel"
    packed = {name for name in names if name.endswith(".py")}
    expected = {path.relative_to(project.source).as_posix() for path in project.files()}
    for name in sorted(packed ^ expected):
        yield f"{name} is {'missing from' if name in expected else 'only in'} the wheel"


def metadata_problems(project: Project, metadata: Message) -> Iterator[str]:
    facts = {
        "Version": project.version,
        "Requires-Python": project.requires_python,
        "License-Expression": "MIT",
        "Summary": project.summary,
    }
    for key, expected in facts.items():
        if metadata[key] != expected:
            yield f"{key} is {metadata[key]!r}, not {expected!r}"
    declared = {need.name for need in project.requirements}
    written = {Requirement.parse(line).name for line in metadata.get_all("Requires-Dist") or []}
    if not declared <= written:
        yield f"requirements {sorted(declared - written)} are missing from the metadata"
    if len(str(metadata.get_payload())) < 40:
        yield "no README in the metadata"


def entry_point_problems(project: Project, text: str) -> Iterator[str]:
    parser = configparser.ConfigParser(delimiters="=")
    parser.optionxform = str  # type: ignore[method-assign,assignment]
    parser.read_string(text)
    written = {group: dict(parser[group]) for group in parser.sections()}
    scripts = {"console_scripts": project.scripts} if project.scripts else {}
    if written != {**scripts, **project.entry_points}:
        yield f"entry points are {written}"


def sdist_problems(project: Project, sdist: Path) -> Iterator[str]:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for needed in ("pyproject.toml", "README.md", "LICENSE", "PKG-INFO", f"src/{project.package}/py.typed"):
        if needed not in names:
            yield f"the sdist has no {needed}"
    strays = {name.split("/")[0] for name in names if name} - {
        "src", "tests", "pyproject.toml", "README.md", "LICENSE", "PKG-INFO", "CHANGELOG.md", ".gitignore",
    }  # fmt: skip
    if strays:
        yield f"the sdist holds {sorted(strays)}"


def problems(folder: Path) -> Iterator[str]:
    for project in projects():
        stem = f"{project.package}-{project.version}"
        for problem in wheel_problems(project, folder / f"{stem}-py3-none-any.whl"):
            yield f"{project.name}: {problem}"
        for problem in sdist_problems(project, folder / f"{stem}.tar.gz"):
            yield f"{project.name}: {problem}"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python tools/check_wheels.py FOLDER")
    found = list(problems(Path(sys.argv[1])))
    print("\n".join(found) or "wheels and sdists hold what they should")
    sys.exit(bool(found))
