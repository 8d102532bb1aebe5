"""The page of errors names every error."""

from __future__ import annotations

import flodl_core.errors
from projects import ROOT

PAGE = (ROOT / "docs" / "reference" / "errors.md").read_text()
CLASSES = [
    item
    for item in vars(flodl_core.errors).values()
    if isinstance(item, type) and issubclass(item, flodl_core.FlodlError) and item is not flodl_core.FlodlError
]


def test_every_class_has_its_row():
    """With the builtins that it also is, in the order of its bases."""
    for item in CLASSES:
        builtins = ", ".join(f"`{base.__name__}`" for base in item.__bases__[1:])
        assert f"| `{item.__name__}` |" in PAGE
        assert f"| {builtins} |" in next(line for line in PAGE.splitlines() if line.startswith(f"| `{item.__name__}`"))
