"""Where a target is defined, found by reading files: nothing is imported, so torch may be absent."""

from __future__ import annotations

import ast
import importlib.util
import inspect
from collections.abc import Callable
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from flodl_core.where import Where


def find_target(target: str) -> Where | None:
    """File and line of `"package.module:attribute"`; line 0 when the file defines it in no plain way.

    None when the module cannot be found.
    """
    module, _, attribute = target.partition(":")
    file = find_module(module)
    return None if file is None else Where(file, _line_of(file, attribute))


def find_module(module: str) -> str | None:
    """The file of a module, found without importing its parent packages."""
    head, *rest = module.split(".")
    try:
        spec = importlib.util.find_spec(head)  # a top-level name: no import happens
        for depth in range(1, len(rest) + 1):
            if spec is None or spec.submodule_search_locations is None:
                return None
            spec = PathFinder.find_spec(".".join([head, *rest[:depth]]), list(spec.submodule_search_locations))
    except (ImportError, ValueError):
        return None
    return spec.origin if spec else None


def source_of(loaded: Callable[..., Any]) -> Where | None:
    """File and line of an imported object; None for what is written in C."""
    try:
        own = inspect.unwrap(loaded)  # what it stands for: lines are looked up there, so the file is too
        file = inspect.getsourcefile(own)
        _, line = inspect.getsourcelines(own)
    except (TypeError, ValueError, OSError):
        return None
    return Where(file, line) if file else None


def _line_of(file: str, attribute: str) -> int:
    try:
        body = ast.parse(Path(file).read_bytes()).body
    except (OSError, ValueError, SyntaxError):
        return 0
    line = 0
    for name in attribute.split("."):
        node = next((n for n in body if _defines(n, name)), None)
        if node is None:
            return 0
        line, body = node.lineno, getattr(node, "body", [])
    return line


def _defines(node: ast.stmt, name: str) -> bool:
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return node.name == name
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)
