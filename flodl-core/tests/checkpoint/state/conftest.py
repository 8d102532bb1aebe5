"""What the tests of training states share: runs of a few numbers, here and in processes of their own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))


@pytest.fixture
def small_run(tmp_path, device):
    """`small_run(**options)`: a new run over the folder `tmp_path / "run"`, as a program started again has one.

    With `beside=True` those before it are not closed.
    """
    from small_runs import SmallRun  # imports torch, which the tests of this folder need

    made = []

    def make(folder=tmp_path / "run", *, beside=False, **options):
        for run in made if not beside else ():
            run.state.close()
        made.append(SmallRun(folder, device, **options))
        return made[-1]

    yield make
    for run in made:
        run.state.close()


@pytest.fixture
def child_code():
    """The source of `SmallRun`, for processes of their own."""
    return (HERE / "small_runs.py").read_text(encoding="utf-8")
