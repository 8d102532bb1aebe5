"""What watching costs the training thread: p50 and p99 of each call, beside plain Python and what peers do.

    python benchmarks/monitor_cost.py [--calls 3000] [--pairs 20]

All rows come from one process, in interleaved rounds, so that a change of the machine's speed hits
all alike. Peers are measured where they are installed (tensorboard, tensorboardX). The last rows
compare whole loops of 1 ms steps, one arm after the other, `--pairs` times.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import io
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from flodl_monitor import Monitor
from flodl_monitor.sinks.terminal import Terminal

METRICS = {"loss": 0.123, "val_loss": 0.234, "acc": 0.9, "val_acc": 0.8, "lr": 1e-3, "grad_norm": 1.5}
ROUNDS = 10
GOALS = {
    "Monitor.record, a float": "p50 <= 1, p99 <= 10",
    "Monitor.log, terminal + csv + jsonl": "p50 <= 150, p99 <= 1000",
}

Call = Callable[[int], object]


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        rows = _rows(Path(folder), stack)
        samples: dict[str, list[int]] = {name: [] for name in rows}
        for round_ in range(ROUNDS):
            for name, call in rows.items():
                samples[name] += _timed(call, round_ * options.calls, options.calls // ROUNDS, _pause(name))
                time.sleep(0.05)  # what one row left to its threads is no matter of the next
        print(f"microseconds per call on the training thread, {options.calls} calls each; an epoch has 6 metrics")
        for name, times in samples.items():
            _print_row(name, times)
    _print_loops(options.pairs)


def _rows(folder: Path, stack: ExitStack) -> dict[str, Call]:
    values: list[float] = []
    table = csv.DictWriter(stack.enter_context((folder / "plain.csv").open("w", newline="")), list(METRICS))
    lines = stack.enter_context((folder / "plain.jsonl").open("ab", buffering=0))
    bare = stack.enter_context(Monitor(10**9, sinks=[]))
    full = stack.enter_context(Monitor(10**9, sinks=_views(folder)))
    rows: dict[str, Call] = {
        "list.append": lambda n: values.append(0.5),
        "csv.DictWriter, buffered": lambda n: table.writerow(METRICS),
        "json line, unbuffered": lambda n: lines.write(json.dumps(METRICS).encode() + b"\n"),
        "Monitor.record, a float": lambda n: bare.record("loss", 0.5),
        "Monitor.log, no sink": lambda n: bare.log(n, 0.5, METRICS),
        "Monitor.log, terminal + csv + jsonl": lambda n: full.log(n, 0.5, METRICS),
    }
    return {**rows, **_tensor_row(bare), **_peers(folder)}


def _views(folder: Path) -> list[object]:
    return [Terminal(io.StringIO()), ("csv", {"path": folder / "run.csv"}), ("jsonl", {"path": folder / "run.jsonl"})]


def _tensor_row(monitor: Monitor) -> dict[str, Call]:
    if importlib.util.find_spec("torch") is None:
        return {}
    torch: Any = importlib.import_module("torch")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    value = torch.tensor(0.5, device=device)
    return {f"Monitor.record, a tensor on {device}": lambda n: monitor.record("tensor", value)}


def _peers(folder: Path) -> dict[str, Call]:
    rows: dict[str, Call] = {}
    for name, module in (("tensorboard", "torch.utils.tensorboard"), ("tensorboardX", "tensorboardX")):
        try:
            writer = importlib.import_module(module).SummaryWriter(str(folder / name))
        except ImportError:
            print(f"{name}: not installed here, not measured", file=sys.stderr)
            continue
        rows[f"{name}, 6 x add_scalar"] = lambda n, writer=writer: [
            writer.add_scalar(key, value, n) for key, value in METRICS.items()
        ]
    return rows


def _pause(name: str) -> float:
    """Epochs come one by one, with other work between them: each call finds cold caches. Records come in bursts."""
    return 1e-3 if ".log" in name else 0.0


def _timed(call: Call, first: int, calls: int, pause: float) -> list[int]:
    times = []
    for n in range(first, first + calls):
        began = time.perf_counter_ns()
        call(n)
        times.append(time.perf_counter_ns() - began)
        if pause:
            time.sleep(pause)
    return times


def _print_row(name: str, nanoseconds: list[int]) -> None:
    ordered = sorted(nanoseconds)
    p50, p99 = ordered[len(ordered) // 2] / 1e3, ordered[int(len(ordered) * 0.99)] / 1e3
    mean = statistics.fmean(ordered) / 1e3
    goal = f"   goal: {GOALS[name]}" if name in GOALS else ""
    print(f"  {name:<38} p50 {p50:8.2f}   p99 {p99:8.2f}   mean {mean:8.2f}{goal}")


def _print_loops(pairs: int) -> None:
    ratios = []
    with tempfile.TemporaryDirectory() as folder, Monitor(10**6, sinks=_views(Path(folder))) as monitor:
        _loop(monitor, 0)  # files are opened, columns known
        for pair in range(1, pairs + 1):
            bare = _loop(None, pair)
            ratios.append(_loop(monitor, pair) / bare)
    middle, spread = statistics.median(ratios), statistics.quantiles(ratios, n=4)
    print(f"5 epochs of 20 steps of 1 ms, a record per step: watched / bare = {middle:.4f} (median of {pairs} pairs)")
    print(f"  quartiles {spread[0]:.4f} to {spread[2]:.4f}   goal: <= 1.01")


def _loop(monitor: Monitor | None, pair: int) -> float:
    began = time.perf_counter()
    for epoch in range(5 * pair, 5 * pair + 5):
        for _ in range(20):
            _work(1e-3)
            if monitor is not None:
                monitor.record("loss", 0.5)
        if monitor is not None:
            monitor.log(epoch, 0.02)
    return time.perf_counter() - began


def _work(seconds: float) -> None:
    """A training step's stand-in: holds the interpreter half of the time, as a step that launches kernels does."""
    end = time.perf_counter() + seconds
    time.sleep(seconds / 2)
    while time.perf_counter() < end:
        pass


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=3000, help="calls measured per row")
    parser.add_argument("--pairs", type=int, default=20, help="pairs of whole loops compared")
    return parser.parse_args()


if __name__ == "__main__":
    main()
