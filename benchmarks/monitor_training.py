"""What watching costs the thread that trains, whatever sinks do: rows for monitor_cost.py."""

from __future__ import annotations

import hashlib
import io
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

from flodl_monitor import EpochRecord, Monitor, read_event_log
from flodl_monitor.sinks.dashboard import Dashboard
from flodl_monitor.sinks.terminal import Terminal
from monitor_rows import Row, goal
from monitor_serving import readers

METRICS = {"loss": 0.123, "val_loss": 0.234, "acc": 0.9, "val_acc": 0.8, "lr": 1e-3, "grad_norm": 1.5}


def rows(quick: bool) -> Iterator[Row]:
    """All of them."""
    calls, pairs = (500, 10) if quick else (2000, 100)
    with Monitor(10**9, sinks=[], probes=[]) as monitor:
        yield from both("record, a float", timed(lambda n: monitor.record("loss", 0.5), calls, 0.0), 1, 10)
    yield from full(calls)
    yield from overhead(1e-3, pairs, 1.0)
    yield from overhead(20e-3, pairs // 5, 0.1)
    yield from troubled(calls)
    yield from full_disk(calls)
    lost = max(killed(after) for after in ((0.7,) if quick else (0.4, 0.7, 1.1)))
    yield goal("records lost to SIGKILL, in time", lost, 1, "s")


def views(folder: Path) -> list[Any]:
    """A terminal line, a table, the event log and a page."""
    files = [(name, {"path": folder / f"run.{name}"}) for name in ("csv", "jsonl")]
    return [Terminal(io.StringIO()), *files]


def timed(call: Callable[[int], object], calls: int, pause: float) -> list[float]:
    """Microseconds of each call; with a pause between them each finds cold caches, as epochs do."""
    times = []
    for n in range(calls):
        began = time.perf_counter_ns()
        call(n)
        times.append((time.perf_counter_ns() - began) / 1e3)
        if pause:
            time.sleep(pause)
    return times


def both(what: str, times: Sequence[float], p50: float, p99: float) -> Iterator[Row]:
    """Rows for the median and the slowest hundredth."""
    ordered = sorted(times)
    yield goal(f"{what}, p50", ordered[len(ordered) // 2], p50, "us")
    yield goal(f"{what}, p99", ordered[int(len(ordered) * 0.99)], p99, "us")


def full(calls: int) -> Iterator[Row]:
    """Everything at once, with ten pages open."""
    with tempfile.TemporaryDirectory() as folder:
        dashboard = Dashboard(port=0)
        with Monitor(10**9, sinks=[*views(Path(folder)), dashboard]) as monitor:
            monitor.log(0, 0.1, METRICS)
            clients = readers(dashboard, 10)
            times = timed(lambda n: monitor.log(n + 1, 0.5, METRICS), calls, 5e-3)
        clients.communicate(timeout=60)
    yield from both("log, with dashboard, 10 clients, csv, jsonl, terminal", times, 150, 1000)


def overhead(seconds: float, epochs: int, most: float) -> Iterator[Row]:
    """What a watched epoch takes beyond a bare one, and how much of it is in the monitor's own calls.

    A machine's speed wanders by more than is looked for, so the steps of both are taken in turns.
    """
    work = Work(seconds)
    with (
        tempfile.TemporaryDirectory() as folder,
        Monitor(10**9, sinks=[*views(Path(folder)), Dashboard(port=0)], probes=[]) as monitor,
    ):
        pairs = [in_turns(work, monitor, epoch) for epoch in range(epochs + 1)][1:]
    beyond = [(watched / bare - 1) * 100 for watched, bare, _ in pairs]
    low, middle, high = statistics.quantiles(beyond, n=4)
    error = 1.25 * (high - low) / 1.35 / epochs**0.5  # the standard error of a median
    steps = f"{seconds * 1e3:.0f} ms steps"
    yield Row(
        f"watched over bare, {steps}, median of {epochs} pairs",
        f"{middle:.2f} ± {error:.2f} %",
        f"<= {most} %",
        middle <= most + 2 * error,
    )
    yield Row("  its quartiles", f"{low:.2f} to {high:.2f} %")
    yield goal(
        f"  in the monitor's calls, {steps}", statistics.median(own / bare for _, bare, own in pairs) * 100, most, "%"
    )


def in_turns(work: Work, monitor: Monitor, epoch: int) -> tuple[float, float, float]:
    """Seconds of 100 watched steps, of as many bare ones, ten by ten, and of the calls in the watched."""
    took, own = {True: 0.0, False: 0.0}, 0.0
    clock = time.perf_counter
    for turn in range(10):
        for watched in (turn + epoch) % 2 == 0, (turn + epoch) % 2 == 1:
            began = clock()
            for _ in range(10):
                work()
                if watched:
                    called = clock()
                    monitor.record("loss", 0.5)
                    own += clock() - called
            if watched and turn == 5:
                called = clock()
                monitor.log(epoch, 0.02, METRICS)
                own += clock() - called
            took[watched] += clock() - began
    return took[True], took[False], own


class Work:
    """A training step's stand-in: so much work, not so much time; half of it holds the interpreter."""

    def __init__(self, seconds: float) -> None:
        self.block, self.turns = b"x" * 65536, 1
        began = time.perf_counter()
        for _ in range(200):
            self()
        self.turns = max(1, round(200 * seconds / (time.perf_counter() - began)))

    def __call__(self) -> None:
        """One step."""
        for _ in range(self.turns):
            hashlib.sha256(self.block)  # lets others run meanwhile, as a kernel does
            sum(range(1500))


class Blocking:
    """A sink that is away for ten seconds."""

    def emit(self, record: EpochRecord) -> None:
        """Wait."""
        time.sleep(10)

    def close(self) -> None:
        """Nothing is held."""


class Raising(Blocking):
    """One that fails."""

    def emit(self, record: EpochRecord) -> None:
        """Fail."""
        raise OSError("no")


def troubled(calls: int) -> Iterator[Row]:
    """`log` beside a sink in trouble, against the same without it; and what is said."""
    cases = (Blocking(), "blocks 10 s", "is still busy"), (Raising(), "raises", "failed and is dropped")
    for sink, what, said in cases:
        told = io.StringIO()
        with redirect_stderr(told):
            quiet, beside = Monitor(10**9, sinks=[], probes=[]), Monitor(10**9, sinks=[sink], probes=[])
            pairs = [timed(lambda n, m=m: m.log(n, 0.5, METRICS), calls, 1e-3) for m in (quiet, beside)]
            slow = [sorted(times)[int(len(times) * 0.99)] for times in pairs]
            for n in range(calls, 10_500):
                beside.log(n, 0.5, METRICS)
            quiet.finish()
            beside.finish(timeout=0.2)
        yield goal(f"log beside a sink that {what}, p99 ({slow[0]:.0f} us without)", slow[1], 1000, "us")
        lines = told.getvalue().splitlines()
        dropped = next((found[1] for line in lines if (found := re.search(r"(\d+) records are dropped", line))), "")
        times = sum(said in line for line in lines)
        told_of = f"{times} time" + (f", {dropped} dropped" if dropped else "")
        yield Row("  it is named", told_of, "1 time", times == 1)


FULL = """
import resource, sys, time
from flodl_monitor import Monitor
metrics = {f"metric{n}": 0.5 for n in range(6)}
monitor = Monitor(10**9, sinks=[("jsonl", {"path": sys.argv[1]})], probes=[])
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
times = []
for n in range(int(sys.argv[2])):
    began = time.perf_counter_ns()
    monitor.log(n, 0.5, metrics)
    times.append((time.perf_counter_ns() - began) / 1e3)
    time.sleep(1e-3)
monitor.finish()
print(sorted(times)[int(len(times) * 0.99)])
"""


def full_disk(calls: int) -> Iterator[Row]:
    """The event log meets the end of the room that a file may take."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "run.jsonl"
        command = [sys.executable, "-c", FULL, str(log), str(calls)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        kept = len(read_event_log(log))
        whole = log.read_bytes().endswith(b"\n")
    yield goal("log with a disk that is full, p99", float(done.stdout), 1000, "us")
    named = done.stderr.count("failed and is dropped")
    yield Row(
        f"  it is named; {kept} epochs are in the file", f"{named} time", "1 time", named == 1 and whole and kept > 0
    )


KILLED = """
import sys, time
from flodl_monitor import Monitor
monitor = Monitor(10**9, sinks=[("jsonl", {"path": sys.argv[1]})], probes=[])
for n in range(10**9):
    monitor.log(n, 0.01, {"loss": 0.5})
    print(n + 1, flush=True)
    time.sleep(5e-3)
"""


def killed(after: float) -> float:
    """Seconds of records that are not in the log, of those that `log` had returned from."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "run.jsonl"
        command = [sys.executable, "-c", KILLED, str(log)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            began = time.perf_counter()
            time.sleep(after)
            process.kill()
            logged = max(int(line) for line in process.stdout.read().split())
            each = (time.perf_counter() - began) / logged
        return max(0, logged - read_event_log(log)[-1].epoch) * each
