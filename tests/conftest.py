"""What the cross-cutting tests share: the tools of the repository, a device, and a fresh Python to ask."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests" / "support")]  # what several test files share

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
