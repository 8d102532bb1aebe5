"""Where tensors of these tests live: the CPU, or what FLODL_TEST_DEVICE says."""

import os

import pytest


@pytest.fixture
def device():
    """The device under test."""
    torch = pytest.importorskip("torch")
    return torch.device(os.environ.get("FLODL_TEST_DEVICE", "cpu"))
