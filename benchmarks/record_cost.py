"""What `graph.record` costs the training thread, beside torchmetrics' MeanMetric and a TensorBoard writer.

    python benchmarks/record_cost.py [--samples 2000] [--device cpu|cuda]

Every row is timed in one process, in interleaved rounds, 20 calls to a sample. Peers are measured where they are
installed (torchmetrics, tensorboard, tensorboardX). Goals: a float p50 <= 1 us, p99 <= 10; six values p50 <= 3.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from itertools import count
from typing import Any

import torch
from flodl_graph import FlowBuilder
from record import write_result

BATCH, ROUNDS = 20, 10
METRICS = {"loss": 0.123, "val_loss": 0.234, "acc": 0.9, "val_acc": 0.8, "lr": 1e-3, "norm": 1.5}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--samples", type=int, default=2000)
    options.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    chosen = options.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        calls = rows(torch.device(chosen.device), folder)
        times: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(ROUNDS):
            for name, call in calls.items():
                times[name] += sampled(call, chosen.samples // ROUNDS)
                if chosen.device == "cuda":
                    torch.cuda.synchronize()
    lines = [f"{'microseconds per call':<44} {'p50':>8} {'p99':>8}"]
    for name, taken in times.items():
        cuts = statistics.quantiles(taken, n=100)
        lines.append(f"{name:<44} {statistics.median(taken):>8.2f} {cuts[98]:>8.2f}")
    libraries = ["torch", *(name for name in ("torchmetrics", "tensorboard", "tensorboardX") if find_spec(name))]
    table = ["```", *lines, "```"]
    write_result(f"record_cost_{chosen.device}", "What recording costs", str(__doc__), table, libraries)


def rows(device: torch.device, folder: str) -> dict[str, Callable[[], object]]:
    """Name to one call."""
    scan = FlowBuilder(torch.nn.Linear(2, 2)).label("scan").build()
    graph = FlowBuilder(FlowBuilder(scan).label("encoder").build()).build()
    loss = torch.ones((), device=device)
    found: dict[str, Callable[[], object]] = {
        "graph.record, a float": lambda: graph.record("loss", 0.5),
        "graph.record, a float of a nested part": lambda: graph.record("encoder.scan.loss", 0.5),
        "graph.record, six floats at once": lambda: graph.record(METRICS),
        f"graph.record, a tensor on {device}": lambda: graph.record("tensor", loss),
        f"float(tensor) on {device}, for comparison": lambda: float(loss),
    }
    if find_spec("torchmetrics"):
        metric: Any = importlib.import_module("torchmetrics").MeanMetric()
        there: Any = importlib.import_module("torchmetrics").MeanMetric().to(device)
        found["torchmetrics MeanMetric.update, a float"] = lambda: metric.update(0.5)
        found[f"torchmetrics MeanMetric.update, {device}"] = lambda: there.update(loss)
    for module in ("torch.utils.tensorboard", "tensorboardX"):
        if find_spec(module.partition(".")[0] if module == "tensorboardX" else "tensorboard"):
            writer, steps = importlib.import_module(module).SummaryWriter(f"{folder}/{module}"), count()
            found[f"{module} add_scalar, a float"] = lambda w=writer, n=steps: w.add_scalar("loss", 0.5, next(n))
    return found


def sampled(call: Callable[[], object], samples: int) -> list[float]:
    """Microseconds per call, one number for each batch of calls."""
    taken = []
    for _ in range(samples):
        began = time.perf_counter_ns()
        for _ in range(BATCH):
            call()
        taken.append((time.perf_counter_ns() - began) / BATCH / 1e3)
    return taken


if __name__ == "__main__":
    main()
