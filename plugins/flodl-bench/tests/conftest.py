"""What these tests share: the command in a process of its own, and guests that look installed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
import torch
from flodl_bench.setting import Setting
from flodl_core.testing import environment


@pytest.fixture
def device() -> torch.device:
    """Where tensors of a test live; `FLODL_TEST_DEVICE=cuda` runs the same tests there."""
    return torch.device(os.environ.get("FLODL_TEST_DEVICE", "cpu"))


@pytest.fixture
def here(tmp_path):
    """The current folder of the commands."""
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


@pytest.fixture
def site(tmp_path):
    """A folder in which fake distributions are installed."""
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


def _in_the_foreground() -> None:
    """What a shell starts in the background never hears Ctrl-C, and neither do its children."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def bench(here, site):
    """Start `flodl bench ARGUMENTS` in a process of its own; `bench.run` waits for it."""

    def start(*arguments: str, **variables: str) -> subprocess.Popen[str]:
        env = environment(site, COLUMNS="100", OMP_NUM_THREADS="1", **variables)
        command = [sys.executable, "-W", "error", "-m", "flodl_cli", "bench", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, cwd=here, env=env, stdout=pipe, stderr=pipe, text=True, preexec_fn=_in_the_foreground
        )

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        with start(*arguments, **variables) as process:
            out, err = process.communicate()
            return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    start.run = run
    return start


@pytest.fixture
def setting():
    """What some cells were measured on."""
    return Setting(
        device="CPU, 1 thread",
        torch="2.13.0",
        flodl="0.1.0",
        shrink=16,
        batches_per_epoch=50,
        measured_epochs=2,
        read_loss="epoch",
        inference=False,
    )
