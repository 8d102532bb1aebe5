"""The accidents that flodl-core's own tests draw."""

import importlib.util
from pathlib import Path

import pytest

_FILE = Path(__file__).parents[2] / "flodl-core" / "tests" / "checkpoint" / "conftest.py"
_SPEC = importlib.util.spec_from_file_location("accidents", _FILE)
_accidents = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_accidents)


@pytest.fixture(scope="session")
def mutated():
    """`mutated(data, seed)`: the bytes after one or two accidents."""
    return _accidents._mutated
