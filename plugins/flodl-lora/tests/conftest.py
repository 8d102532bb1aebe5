"""Where tensors of these tests live."""

from __future__ import annotations

import os

import pytest
import torch


@pytest.fixture
def device() -> torch.device:
    """Where tensors of a test live; `FLODL_TEST_DEVICE=cuda` runs the same tests there."""
    return torch.device(os.environ.get("FLODL_TEST_DEVICE", "cpu"))
