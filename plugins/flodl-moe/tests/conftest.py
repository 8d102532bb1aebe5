"""What the tests of this distribution share: a device, and a few modules by name.

flodl-moe is tested alone, so the names that its flows use come from a plugin of this session, unless flodl-nn is
there to bring them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from flodl_core import ModuleSpec, components, hookimpl

sys.path.insert(0, str(Path(__file__).resolve().parent))  # the oracle

_CLASSES = {"linear": "Linear", "gelu": "GELU", "relu": "ReLU", "tanh": "Tanh", "identity": "Identity"}


class Names:
    """A plugin with just enough modules to write flows."""

    def __init__(self, known: set[str]) -> None:
        self.missing = {name: attribute for name, attribute in _CLASSES.items() if name not in known}

    @hookimpl
    def flodl_modules(self) -> Iterator[ModuleSpec]:
        for name, attribute in self.missing.items():
            yield ModuleSpec(name=name, target=f"torch.nn:{attribute}", summary=f"torch's {attribute}.")


def pytest_configure() -> None:
    components.register(Names({component.name for component in components.list("module")}))


@pytest.fixture
def device() -> torch.device:
    """Where tensors of a test live; `FLODL_TEST_DEVICE=cuda` runs the same tests there."""
    return torch.device(os.environ.get("FLODL_TEST_DEVICE", "cpu"))
