"""What only real processes can show."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

TRAIN = """
import sys, time
from flodl_monitor import Monitor
monitor = Monitor(1_000_000, sinks=[("tensorboard", {"folder": sys.argv[1]})], probes=[])
for epoch in range(1_000_000):
    monitor.log(epoch, 0.001, {"loss": 1 / (epoch + 1)})
    print(time.monotonic(), flush=True)
    time.sleep(0.005)
"""

FULL = """
import resource, signal, sys
from flodl_monitor import Monitor
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
with Monitor(100, sinks=["terminal", ("tensorboard", {"folder": sys.argv[1]})], probes=[]) as monitor:
    for epoch in monitor.epochs(): monitor.record("loss", 0.5)
"""


def test_killed_run_is_read(shown, tmp_path):
    """SIGKILL in the middle: what was logged well before it is there, in order, without a gap."""
    with subprocess.Popen([sys.executable, "-c", TRAIN, tmp_path], stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        time.sleep(2.5)
        killed = time.monotonic()
        process.kill()
        times = [float(word) for word in process.stdout.read().split()]
    assert -signal.SIGKILL == process.returncode
    losses = shown(tmp_path).scalar("loss")
    assert list(range(1, len(losses) + 1)) == [step for step, _ in losses]
    assert all(abs(value * step - 1) < 1e-6 for step, value in losses)
    assert len(losses) >= 1 + sum(moment < killed - 2.0 for moment in times) > 1


def test_full_disk_drops_the_sink_alone(shown, tmp_path):
    """Named once; its file is whole; the terminal and the training go on."""
    command = [sys.executable, "-W", "error", "-c", FULL, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert 0 == done.returncode
    assert 100 == done.stderr.count("  epoch ")
    assert 1 == done.stderr.count("sink flodl-tensorboard/tensorboard failed and is dropped")
    (file,) = tmp_path.iterdir()
    rest = file.read_bytes()
    while rest:  # record by record, and nothing is left
        record = 16 + int.from_bytes(rest[:8], "little")
        assert record <= len(rest)
        rest = rest[record:]
    losses = shown(tmp_path).scalar("loss")
    assert 1 < len(losses) < 100
    assert set(losses) == {(step, 0.5) for step in range(1, len(losses) + 1)}


def test_writing_needs_no_tensorboard(tmp_path):
    """Nor anything else that is not flodl's own."""
    heavy = "{'tensorboard', 'google.protobuf', 'numpy', 'torch', 'grpc'}"
    script = (
        "import sys; from flodl_monitor import Monitor\n"
        "with Monitor(1, sinks=[('tensorboard', {'folder': sys.argv[1]})], probes=[]) as monitor:\n"
        "    monitor.log(0, 0.5, {'loss': 0.5})\n"
        f"assert not {heavy} & set(sys.modules), {heavy} & set(sys.modules)\n"
    )
    alone = {**os.environ, "FLODL_DISABLE_PLUGINS": "flodl-nn flodl-graph flodl-cli"}
    subprocess.run([sys.executable, "-c", script, tmp_path], check=True, timeout=60, env=alone)
    assert 1 == len(list(tmp_path.glob("events.out.tfevents.*")))
