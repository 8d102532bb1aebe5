"""`flodl watch`, as a person types it: real processes, a real port."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

from flodl_core import ref
from flodl_monitor import Monitor

FLODL = [sys.executable, "-m", "flodl_cli", "watch"]


def _run(path: Path, epochs: range, total: int) -> None:
    with Monitor(total, sinks=[ref("jsonl", path=str(path))], probes=[]) as monitor:
        for epoch in epochs:
            monitor.log(epoch, 0.1, {"loss": 1 / (epoch + 1)})


def test_a_run_in_the_browser(tmp_path: Path) -> None:
    """The page is at the address that is printed; what a run writes meanwhile appears; Ctrl-C ends it in peace."""
    log = tmp_path / "run.jsonl"
    _run(log, range(3), 3)
    command = [*FLODL, str(tmp_path), "--port", "0"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.default_int_handler
        ),  # where tests run in the background
    ) as process:
        assert process.stderr is not None
        address = re.search(r"http://127\.0\.0\.1:\d+/", process.stderr.readline())
        assert address is not None
        assert "run.jsonl: finished; Ctrl-C ends watching." in process.stderr.readline()
        assert '"total":3,"finished":true' in urlopen(address[0]).read().decode()
        _run(log, range(2, 4), 9)
        deadline = time.monotonic() + 20
        while '"total":9,"finished":true' not in urlopen(address[0]).read().decode():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stderr.read() == ""


def test_a_page_from_a_log(tmp_path: Path) -> None:
    """`--html` writes the archive and says where."""
    _run(tmp_path / "run.jsonl", range(3), 3)
    done = subprocess.run(
        [*FLODL, str(tmp_path), "--html", str(tmp_path / "page.html")], capture_output=True, text=True
    )
    assert (0, f"{tmp_path / 'page.html'}\n", "") == (done.returncode, done.stdout, done.stderr)
    assert "<h1>run</h1>" in (tmp_path / "page.html").read_text()


def test_a_log_that_is_not_there(tmp_path: Path) -> None:
    """Three lines: what, and how a run comes to write one."""
    done = subprocess.run([*FLODL, str(tmp_path / "nothing.jsonl")], capture_output=True, text=True)
    assert done.returncode == 1
    assert f"there is no event log at {tmp_path / 'nothing.jsonl'}" in done.stderr
    assert 'sinks=[ref("jsonl", path="run.jsonl")]' in done.stderr


def test_what_is_no_log_has_no_address(tmp_path: Path) -> None:
    """A file that cannot be read is told in three lines, and no page is promised."""
    (tmp_path / "run.jsonl").write_text("hello\n")
    done = subprocess.run([*FLODL, str(tmp_path / "run.jsonl"), "--port", "0"], capture_output=True, text=True)
    assert (1, 3) == (done.returncode, len(done.stderr.splitlines()))
    assert "this line is no event of a training run" in done.stderr
