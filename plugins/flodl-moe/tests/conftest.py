from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent))  # the oracle


@pytest.fixture
def device() -> torch.device:
    """Where tensors of a test live; `FLODL_TEST_DEVICE=cuda` runs the same tests there."""
    return torch.device(os.environ.get("FLODL_TEST_DEVICE", "cpu"))
