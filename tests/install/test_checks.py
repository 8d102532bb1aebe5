"""The checks of the building see the faults that they are there for."""

from __future__ import annotations

from pathlib import Path

import check_deps
import check_wheels
import pytest
from imports import imports_of
from projects import Project, Requirement, closure, projects


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A distribution `flodl-x` whose one module is given, and whose one dependency is attrs."""
    monkeypatch.setattr(check_deps, "ROOT", tmp_path)

    def make(source: str) -> Project:
        module = tmp_path / "src" / "flodl_x" / "__init__.py"
        module.parent.mkdir(parents=True)
        module.write_text(source)
        return Project(tmp_path, "flodl-x", "0.1.0", "", ">=3.10", (Requirement.parse("attrs>=25.4"),), {}, {})

    return make


def faults(project: Project) -> list[str]:
    return list(check_deps.source_problems(project, {each.name: each for each in (*projects(), project)}))


def test_undeclared_import_is_seen(made):
    """An import that no declared dependency covers is reported with its place, also inside a function."""
    project = made("import attrs\n\ndef f():\n    import torch.nn\n")
    assert ["src/flodl_x/__init__.py:4 imports torch.nn, which flodl-x does not declare"] == faults(project)


def test_unused_dependency_is_seen(made):
    """A dependency that nothing imports is reported."""
    assert ["flodl-x declares attrs and never imports it"] == faults(made("import json\n"))


def test_typing_import_is_allowed(made):
    """What stands under TYPE_CHECKING needs no declaration, unless it is another distribution of ours."""
    source = (
        "import attrs\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch\n    import flodl_nn\n"
    )
    assert ["src/flodl_x/__init__.py:5 imports flodl_nn, which flodl-x does not declare"] == faults(made(source))


def test_relative_import_is_seen(made):
    """A relative import is reported: the house has none."""
    assert ["src/flodl_x/__init__.py:2 imports relatively, which flodl-x does not declare"] == faults(
        made("import attrs\nfrom . import other\n")
    )


def test_imports_know_what_surrounds_them(tmp_path):
    """Lazy and typing-only imports are told apart from plain ones; the standard library is left out."""
    file = tmp_path / "module.py"
    guarded = "if TYPE_CHECKING:\n    import c\nelse:\n    import d\n"
    file.write_text(f"import os\nimport a.b\n{guarded}def f():\n    from e import g\n")
    found = {each.name: (each.typing_only, each.lazy) for each in imports_of([file])}
    assert {"a.b": (False, False), "c": (True, False), "d": (False, False), "e": (False, True)} == found


def test_stray_file_in_a_wheel_is_seen():
    """A top-level package that is not the distribution's own is reported, and so is a missing py.typed."""
    project = projects()[0]
    info = f"{project.package}-{project.version}.dist-info"
    names = ["tests/test_x.py", f"{project.package}/__init__.py", f"{info}/licenses/LICENSE"]
    found = list(check_wheels.content_problems(project, names, info))
    assert "stray top-level entries ['tests']" in found
    assert "no flodl_core/py.typed" in found


def test_closure_is_what_is_declared():
    """Isolation is measured against the declared closure: flodl-nn brings flodl-core and nothing else of ours."""
    assert ["flodl-core", "flodl-nn"] == [project.name for project in closure(["flodl-nn"])]
    ours = {project.name for project in projects() if project.folder.parent.name != "plugins"}
    assert ours == {project.name for project in closure(["flodl"])}


def test_every_project_carries_its_papers():
    """Each distribution has a README, the licence and a py.typed marker."""
    for project in projects():
        for path in (Path("README.md"), Path("LICENSE"), Path("src") / project.package / "py.typed"):
            assert (project.folder / path).is_file(), f"{project.name} has no {path}"
