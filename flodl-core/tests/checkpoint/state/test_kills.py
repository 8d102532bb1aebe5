"""kill -9 at any moment: a run that is started again finds a whole state, none older than the last save that returned.

`FLODL_KILLS=1000 python -m pytest flodl-core/tests/checkpoint/state/test_kills.py` is the long form.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

KILLS = int(os.environ.get("FLODL_KILLS", "200")) // 2
SAVING = """
import os, sys, tempfile, time

torch.set_num_threads(1)  # a forked child would wait for threads that it has not
for _ in range(3):  # whatever torch imports late is imported before the first child
    began = time.monotonic()
    SmallRun(tempfile.mkdtemp()).state.save()
print(time.monotonic() - began, flush=True)

def save(folder, progress, background):
    run, returned = SmallRun(folder, background=background, keep_last=2), os.open(progress, os.O_WRONLY)
    run.state.resume()
    print("in", flush=True)
    first = run.counter.value + 1
    for value in range(first, first + 1_000_000):
        run.set(value)
        run.state.save({"loss": 1 / value})
        if background and value % 3:
            continue
        run.state.result()
        os.pwrite(returned, value.to_bytes(8, "little"), 0)

for line in sys.stdin:
    child = os.fork()
    if not child:
        folder, progress, background = line.split()
        save(folder, progress, background == "1")
    print(child, flush=True)
    os.waitpid(child, 0)
    print("gone", flush=True)
"""


@contextmanager
def ending(process):
    """A block after which a process and its children are no more: a test that fails must not wait for a child's end."""
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("background", [False, True], ids=["at once", "in the background"])
def test_a_kill_at_any_moment(background, small_run, child_code, tmp_path):
    """Saving, committing, pruning: 0 unreadable, 0 mixed, 0 older than what was promised; nothing piles up."""
    folder, progress, rng = tmp_path / "run", tmp_path / "progress", random.Random(background)
    progress.write_bytes(bytes(8))
    nursery = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", child_code + SAVING],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},  # a process that has touched CUDA cannot be forked
        start_new_session=True,
    )
    last = 0
    with nursery, ending(nursery):
        pace = float(nursery.stdout.readline())
        for _ in range(KILLS):
            nursery.stdin.write(f"{folder} {progress} {int(background)}\n")
            nursery.stdin.flush()
            child = int(next(line for line in {nursery.stdout.readline(), nursery.stdout.readline()} if line != "in\n"))
            time.sleep(rng.uniform(0, 3 * pace))
            os.kill(child, signal.SIGKILL)
            assert "gone\n" == nursery.stdout.readline()
            promised = int.from_bytes(progress.read_bytes(), "little")
            run = small_run(folder)
            found = run.state.resume()  # a warning, that a state was passed over, fails the test
            run.state.close()
            assert found or promised == 0
            assert 1 == len(run.values())
            assert max(promised, last) <= run.counter.value <= max(promised, last) + (4 if background else 1)
            last = run.counter.value
    assert last > 2
    run = small_run(folder)
    run.state.resume()
    run.state.save()
    left = {path.name for path in folder.iterdir()}
    assert "latest" in left
    assert 4 >= len(left), left
