"""Plugins as they were written for API 1 run against flodl as it is today, with the tests that their authors wrote.

What lies under `v1` is frozen. A change here that breaks it breaks strangers' plugins: mend flodl, not the plugin.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from flodl_core import API_VERSION, components
from flodl_core.testing import fake_distribution, fresh_registry
from projects import read_project

V1 = Path(__file__).parent / "v1"
FROZEN = {
    "acme-everything": "e7c7aee393f9ad51",
    "acme-oldways": "6ef8b901de270dcf",
    "surface.json": "b209d1165640e6ac",
}


def digest_of(path: Path) -> str:
    """Of a file, or of a folder's files and their names."""
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if _counts(file))
    told = "".join(f"{file.relative_to(V1).as_posix()} {hashlib.sha256(_text(file)).hexdigest()}\n" for file in files)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _counts(file: Path) -> bool:
    return file.is_file() and "__pycache__" not in file.parts


def _text(file: Path) -> bytes:
    return file.read_bytes().replace(b"\r\n", b"\n")


def install(folder: Path, name: str) -> None:
    """As pip would, without pip."""
    project = read_project(V1 / name)
    fake_distribution(
        folder,
        project.name,
        project.version,
        entry_points=project.entry_points["flodl"],
        requires=[need.text for need in project.requirements],
        files={file.relative_to(project.source).as_posix(): file.read_text() for file in project.files()},
    )


@pytest.mark.parametrize("name", FROZEN)
def test_it_is_as_it_was(name):
    """Nobody edits a frozen plugin: not a byte, no file more or less."""
    assert FROZEN[name] == digest_of(V1 / name)


def test_everything_there_is_frozen():
    """A new frozen plugin gets its digest here."""
    assert set(FROZEN) == {path.name for path in V1.iterdir() if path.name != "__pycache__"}


@pytest.mark.parametrize("name", [name for name in FROZEN if (V1 / name).is_dir()])
def test_its_own_tests_pass(name, tmp_path):
    """In a process of its own, with warnings as errors, as its author ran them."""
    site = tmp_path / "site"
    install(site, name)
    here = tmp_path / "tests"
    here.mkdir()
    for file in (V1 / name / "tests").glob("*.py"):
        (here / file.name).write_text(file.read_text())
    (here / "pytest.ini").write_text("[pytest]\n")
    path = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "pytest.ini", "."]
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}  # none of this run's
    env = {**own, "PYTHONPATH": path}
    done = subprocess.run(command, cwd=here, env=env, capture_output=True, text=True, timeout=300)
    assert 0 == done.returncode, done.stdout + done.stderr


def test_they_use_every_hook_and_every_field(tmp_path):
    """Between them the frozen plugins bring every kind, and say every field that a spec of API 1 had."""
    for name in ("acme-everything", "acme-oldways"):
        install(tmp_path, name)
    with fresh_registry(tmp_path) as registry:
        mine = [c.spec for c in registry.list(deprecated=True) if c.origin.distribution.startswith("acme-")]
    assert set(components.kinds) == {spec.kind for spec in mine}
    for name in ("ModuleSpec", "LossSpec", "OpSpec"):  # the other specs have LossSpec's fields
        assert set() == {field for field in _fields(name) if not any(getattr(spec, field, None) for spec in mine)}
    examples = [spec.example for spec in mine if spec.example]
    assert set() == {field for field in _fields("Example") if not any(getattr(each, field) for each in examples)}


def _fields(name: str) -> set[str]:
    """What a spec of API 1 could say."""
    frozen = json.loads((V1 / "surface.json").read_text())
    return {parameter for parameter, _, _ in frozen[f"flodl_core:{name}"]}


def test_the_version_that_is_frozen():
    """A folder `v2` comes with API 2, and `v1` stays."""
    assert [f"v{number}" for number in range(1, API_VERSION + 1)] == sorted(path.name for path in V1.parent.glob("v*"))
