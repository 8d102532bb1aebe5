"""The import statements of Python files, read from the syntax tree: nothing is executed."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard


@dataclass(frozen=True)
class Import:
    """One imported module, with what surrounds the statement."""

    name: str
    file: Path
    line: int
    typing_only: bool = False
    lazy: bool = False

    @property
    def module(self) -> str:
        """The top-level module; empty for a relative import."""
        return self.name.split(".")[0]


def imports_of(files: Iterable[Path]) -> Iterator[Import]:
    """Every import in `files` that is not of the standard library."""
    for file in files:
        for each in imports_below(ast.parse(file.read_text(), str(file)), Import("", file, 0)):
            if each.module not in sys.stdlib_module_names:
                yield each


def imports_below(node: ast.AST, around: Import) -> Iterator[Import]:
    """Every import statement under `node`; `around` carries what the enclosing statements say."""
    for name in names_in(node):
        yield Import(name, around.file, getattr(node, "lineno", 0), around.typing_only, around.lazy)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        around = Import("", around.file, 0, around.typing_only, lazy=True)
    guarded = node.body if is_typing_guard(node) else []
    for below in ast.iter_child_nodes(node):
        typing_only = around.typing_only or below in guarded
        yield from imports_below(below, Import("", around.file, 0, typing_only, around.lazy))


def names_in(node: ast.AST) -> list[str]:
    """The dotted modules that one statement imports, or one call of `import_module` by their written names."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return ["" if node.level else node.module or ""]
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("import_module", "importlib.import_module"):
        return [each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return []


def is_typing_guard(node: ast.AST) -> TypeGuard[ast.If]:
    """Is this `if TYPE_CHECKING:`?"""
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
