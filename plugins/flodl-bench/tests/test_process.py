"""A process and its end: what it says, how it fails, and that nothing of it stays."""

from __future__ import annotations

import os
import time

import pytest
from flodl_bench.process import CellFailed, Deadline, OutOfTime, Process


@pytest.fixture
def started(tmp_path, monkeypatch):
    """Start a module with this source."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def start(source: str, *arguments: str) -> Process:
        (tmp_path / "told.py").write_text(source)
        return Process("told", *arguments)

    return start


def test_it_answers_line_by_line(started):
    """A word each way."""
    with started(
        "import json, sys\nfor line in sys.stdin: print(json.dumps({'heard': line.strip()}), flush=True)"
    ) as p:
        p.say("warm")
        assert {"heard": "warm"} == p.answer(Deadline())


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", r"^it was killed \(SIGSEGV\)$"),
        ("raise MemoryError('too much')", "^it ended with exit code 1: MemoryError: too much$"),
        ("", "^it ended with exit code 0$"),
        ('print(\'{"error": "no such kernel"}\')', "^no such kernel$"),
    ],
)
def test_its_end_has_a_reason(started, source, reason):
    """A signal, its last words, its exit code, or what it says itself."""
    with started(source) as process, pytest.raises(CellFailed, match=reason):
        process.answer(Deadline())


def test_who_is_no_more_can_still_be_told(started):
    """The answer then says what became of it."""
    with started("") as process:
        with pytest.raises(CellFailed):
            process.answer(Deadline())
        process.say("round")


def test_a_deadline_ends_the_waiting(started):
    """Also one that is over already."""
    with started("import time; time.sleep(60)") as process:
        with pytest.raises(OutOfTime):
            process.answer(Deadline.after(0.1))
        with pytest.raises(OutOfTime):
            process.answer(Deadline(at=0.0))


def test_what_lies_here_is_not_imported(started, tmp_path, monkeypatch):
    """On Python 3.10 too, which knows no PYTHONSAFEPATH."""
    here = tmp_path / "here"
    here.mkdir()
    (here / "fractions.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(here)
    source = "import fractions, json, sys; print(json.dumps([str(fractions.Fraction(1, 2)), sys.argv[1:]]))"
    with started(source, "word") as process:
        assert ["1/2", ["word"]] == process.answer(Deadline())


def alive(number: int) -> bool:
    try:
        with open(f"/proc/{number}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks into /proc")
def test_what_it_started_ends_with_it(started):
    """Compilers have workers of their own."""
    source = (
        "import json, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(json.dumps({'child': child.pid}), flush=True)\ntime.sleep(60)\n"
    )
    with started(source) as process:
        child = process.answer(Deadline())["child"]
        assert alive(child)
    until = time.monotonic() + 10
    while alive(child) and time.monotonic() < until:
        time.sleep(0.01)
    assert not alive(child)
