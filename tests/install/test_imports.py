"""What an import costs: packages are lazy, and their public pages are complete."""

from __future__ import annotations

import ast
import importlib
import json
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from imports import is_typing_guard
from projects import projects

PACKAGES = [project.package for project in projects()]
PUBLIC = ["flodl", "flodl_core", "flodl_graph", "flodl_monitor", "flodl_nn"]
HEAVY = {"numpy", "rich", "safetensors", "scipy", "sklearn", "torch"}


@pytest.mark.parametrize("package", PACKAGES)
def test_import_is_light(package, run_python):
    """`import PACKAGE` brings neither torch nor another heavy library, and loads no plugin."""
    done = run_python("-c", f"import {package}, sys, json; print(json.dumps(sorted(sys.modules)))")
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout))
    plugins = {entry.module for entry in entry_points(group="flodl")}
    assert set() == loaded & (HEAVY | plugins)


@pytest.mark.parametrize("package", PACKAGES)
def test_import_survives_without_torch(package, run_python):
    """Every package imports, and says its public names, where torch is not to be had."""
    done = run_python("-c", f"import sys; sys.modules['torch'] = None; import {package}; dir({package})")
    assert (0, "") == (done.returncode, done.stderr)


def names_for_type_checkers(package: str) -> list[str]:
    """What a package's page hands on: by the imports of its `if TYPE_CHECKING:` part, or by a plain `import x as x`."""
    body = ast.parse(Path(str(importlib.import_module(package).__file__)).read_text()).body
    guarded = [line for node in body if is_typing_guard(node) for line in node.body]
    return sorted([*imported(guarded), *imported(body, again=True)])


def imported(lines: list[ast.stmt], *, again: bool = False) -> list[str]:
    """Names that `from ... import ...` lines bring; with `again` those alone that are handed on, `import x as x`."""
    found = [alias for line in lines if isinstance(line, ast.ImportFrom) for alias in line.names]
    return [alias.asname or alias.name for alias in found if not again or alias.asname == alias.name]


@pytest.mark.parametrize("package", PUBLIC)
def test_public_page_is_whole(package):
    """`__all__`, `dir()` and what type checkers see are the same sorted names, and each can be had."""
    module = importlib.import_module(package)
    assert sorted(module.__all__) == list(module.__all__)
    assert dir(module) == list(module.__all__)
    assert names_for_type_checkers(package) == list(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None


def test_unknown_name_is_an_attribute_error():
    """A misspelt public name fails as Python does, and says the package."""
    flodl = importlib.import_module("flodl")
    with pytest.raises(AttributeError, match="flodl"):
        _ = flodl.FlowBilder
