"""The program that is being run, where it is itself a plugin."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType


def running_module(name: str) -> ModuleType | None:
    """The program, if it is the module of that name; None: the module is to be imported as any other.

    Imported beside the program it would run twice, and ask for its own components before it has declared them.
    """
    program = sys.modules.get("__main__")
    file = getattr(program, "__file__", None)
    if file is None or name in sys.modules or Path(file).stem != name.rpartition(".")[2]:
        return None
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):  # the import says more
        return None
    origin = None if spec is None else spec.origin
    return program if origin is not None and Path(origin).resolve() == Path(file).resolve() else None
