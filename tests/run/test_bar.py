"""`flodl run` on a terminal: how far the epoch under way is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import torch
from flodl_cli.training.course import Course
from flodl_cli.training.examples import Examples
from flodl_nn import DeviceData

DIGITS = Path(__file__).resolve().parent.parent.parent / "examples" / "digits.toml"


def test_a_run_shows_its_batches(tmp_path):
    """From the first epoch on it knows how many there are; the report comes after, on clean lines."""
    toml = DIGITS.read_text().replace("batch_size = 64", "batch_size = 2").replace("epochs = 15", "epochs = 1")
    (tmp_path / "slow.toml").write_text(toml.replace("args = [345]", "args = [719]"))
    own, theirs = os.openpty()
    command = [sys.executable, "-m", "flodl_cli", "run", "slow.toml"]
    slow = {"CUDA_VISIBLE_DEVICES": ""}  # a GPU is through before the bar is due
    env = {**os.environ, "TERM": "xterm", "PYTHONIOENCODING": "utf-8", **slow}
    with subprocess.Popen(command, cwd=tmp_path, env=env, stdin=theirs, stdout=theirs, stderr=theirs):
        os.close(theirs)
        text = b""
        try:
            while piece := os.read(own, 65536):
                text += piece
        except OSError:  # it has ended
            pass
    os.close(own)
    said = text.decode()
    counts = re.findall(r"\r  epoch 1/1  [━╸─]+  (\d+)/719  \[", said)
    assert counts
    assert sorted(map(int, counts)) == list(map(int, counts))
    assert re.search(r"(\n|\x1b\[K)  epoch 1/1  loss=.*\r\n", said)
    assert re.search(r"^held out +loss", said, re.MULTILINE)


def test_batches_left_of_an_epoch():
    """All, but for the one that is under way."""
    data = torch.utils.data.TensorDataset(torch.zeros(10, 2), torch.zeros(10))
    course = Course(Examples(DeviceData(data, "cpu"), torch.arange(10)), 3, 0)
    assert 3 == course.left(0)  # the tenth example joins the third batch
    batches = course.batches(0)
    next(batches)
    assert (2, 3) == (course.left(0), course.left(1))
    assert 2 == len(list(batches))
