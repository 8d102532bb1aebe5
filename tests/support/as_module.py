"""A file that people run, as a module whose parts tests can call."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType


def as_module(file: Path) -> ModuleType:
    """Run a file under a name of its own; what stands under `__main__` is left out."""
    spec = importlib.util.spec_from_file_location(f"{file.parent.name}_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
