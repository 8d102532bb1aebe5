from __future__ import annotations

import os
from typing import Any

import pytest

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what deterministic matrix products need, said early


@pytest.fixture
def recording(device: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The device, with something that records there: CUDA graphs, or operations played back on the CPU."""
    import torch

    if device.type == "cpu":
        from flodl_core.testing.tape import TapeRecorder
        from flodl_nn.step.recorders import RECORDERS

        monkeypatch.setitem(RECORDERS, "cpu", TapeRecorder)
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    yield device
    torch.use_deterministic_algorithms(before)
