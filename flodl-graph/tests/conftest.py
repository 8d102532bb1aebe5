"""What the tests of this distribution share: a device, and a few modules by name.

flodl-graph is tested alone, so the names that its flows use come from a plugin of this session,
unless flodl-nn is there to bring them.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from flodl_core import ModuleSpec, components, hookimpl

sys.path.insert(0, str(Path(__file__).parent / "support"))  # what several test files share

_CLASSES = {
    "linear": "Linear",
    "gelu": "GELU",
    "relu": "ReLU",
    "tanh": "Tanh",
    "layer_norm": "LayerNorm",
    "batch_norm1d": "BatchNorm1d",
    "dropout": "Dropout",
    "identity": "Identity",
    "flatten": "Flatten",
    "conv2d": "Conv2d",
    "conv_transpose1d": "ConvTranspose1d",
    "embedding": "Embedding",
    "gru_cell": "GRUCell",
}


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
    components.register(importlib.import_module("odd_modules"), "odd modules")


@pytest.fixture
def device() -> torch.device:
    """Where tensors live: `FLODL_TEST_DEVICE`, or the CPU."""
    return torch.device(os.environ.get("FLODL_TEST_DEVICE", "cpu"))


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--renew-golden", action="store_true", help="Write golden files anew instead of comparing.")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the golden file of that name; with `--renew-golden`, write it."""
    folder = Path(__file__).parent / "golden"

    def check(name: str, text: str) -> None:
        if request.config.getoption("--renew-golden", default=False):
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
        assert (folder / name).read_text(encoding="utf-8") == text

    return check
