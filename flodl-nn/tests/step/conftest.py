"""What tests of the step share: something that records, deterministic kernels, a GPU."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from flodl_core.testing.tape import TapeRecorder
from flodl_nn.step.recorders import RECORDERS

sys.path.insert(0, str(Path(__file__).parent))  # for `capturing`
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what deterministic matrix products need, said early


@pytest.fixture
def recording(device: torch.device, monkeypatch: pytest.MonkeyPatch) -> torch.device:
    """The device, with something that records there: CUDA graphs, or operations played back on the CPU."""
    if device.type == "cpu":
        monkeypatch.setitem(RECORDERS, "cpu", TapeRecorder)
    return device


@pytest.fixture
def deterministic() -> Iterator[None]:
    """Kernels that give the same bits each time."""
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(before)


@pytest.fixture
def gpu(device: torch.device) -> torch.device:
    """The device, if it is a GPU."""
    if device.type != "cuda":
        pytest.skip("only a GPU has CUDA graphs")
    return device
