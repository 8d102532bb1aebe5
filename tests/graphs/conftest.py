"""A plugin with a word of its own, as the tests of flodl-graph have it."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import torch
from flodl_core import components

SUPPORT = Path(__file__).resolve().parents[2] / "flodl-graph" / "tests" / "support"


@pytest.fixture
def highway(monkeypatch: pytest.MonkeyPatch) -> None:
    """The word `highway` is there."""
    monkeypatch.syspath_prepend(str(SUPPORT))
    components.register(importlib.import_module("highway"), "highway")


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)
