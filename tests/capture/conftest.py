from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what deterministic matrix products need, said early


@pytest.fixture
def recording(device: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The device, with something that records there: CUDA graphs, or operations played back on the CPU."""
    if device.type == "cpu":
        from flodl_core.testing.tape import TapeRecorder
        from flodl_nn.step.recorders import RECORDERS

        monkeypatch.setitem(RECORDERS, "cpu", TapeRecorder)
    return device


@pytest.fixture
def deterministic() -> Iterator[None]:
    """Kernels that give the same bits each time."""
    import torch

    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(before)
