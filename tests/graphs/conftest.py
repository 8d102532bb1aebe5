"""A plugin with a word of its own, as the tests of flodl-graph have it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from flodl_core import components, hookimpl

SUPPORT = Path(__file__).resolve().parents[2] / "flodl-graph" / "tests" / "support"


@pytest.fixture
def highway(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The word `highway` is there, and no longer than a test."""
    monkeypatch.syspath_prepend(str(SUPPORT))
    components.register(importlib.import_module("highway"), "highway")
    yield
    components.register(SimpleNamespace(flodl_words=hookimpl(lambda: ())), "highway")


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)
