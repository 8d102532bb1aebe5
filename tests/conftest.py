"""What the cross-cutting tests share: the tools of the repository, a device, what records there, a fresh Python."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests" / "support")]  # what several test files share
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what deterministic matrix products need, said early

collect_ignore_glob = ["errors/programs/*", "typing/*"]  # programs to be refused, not tests

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run_python(tmp_path: Path) -> Run:
    """Run `python ARGUMENTS` in the empty folder `run_python.here`.

    `path` goes in front of PYTHONPATH; other keywords are environment variables.
    """
    here = tmp_path / "here"
    here.mkdir()

    def run(*arguments: str, path: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
        folders = [str(path) if path else "", os.environ.get("PYTHONPATH", "")]
        env = {**os.environ, **variables, "PYTHONPATH": os.pathsep.join(filter(None, folders))}
        return subprocess.run(
            [sys.executable, *arguments], cwd=here, env=env, capture_output=True, text=True, timeout=300
        )

    run.here = here  # type: ignore[attr-defined]
    return run


@pytest.fixture
def device():  # torch is imported only by tests that compute
    import torch

    return torch.device(os.environ.get("FLODL_TEST_DEVICE", "cpu"))


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
