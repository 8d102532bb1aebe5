"""Where tensors of these tests live: the CPU, or what FLODL_TEST_DEVICE says."""

import os

import pytest
import torch


@pytest.fixture
def device() -> torch.device:
    """The device under test."""
    return torch.device(os.environ.get("FLODL_TEST_DEVICE", "cpu"))
