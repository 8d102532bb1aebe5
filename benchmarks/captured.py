"""floDl's ten models on one GPU: PyTorch by hand, and training steps eager, captured, compiled. Milliseconds per epoch.

Usage: python benchmarks/captured.py [MODEL...] [--sides SIDE...] [--epochs N] [--budget SECONDS] [--json FILE]

An epoch is 50 batches that lie on the GPU; the loss is read once per epoch. Each cell runs in a process of its own:
3 epochs to warm up, then N timed ones; the median, and the spread as 1.4826 times the median deviation. `--budget`
fills as many cells as fit and adds them to the JSON file; the next call goes on with those that are missing.
Writes benchmarks/results/captured.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Timer
from typing import Any

from record import RESULTS, write_result

WARM_UP = 3
SIDES = {
    "by hand": {},
    "eager": {"capture": "never"},
    "captured": {"capture": "always"},
    "captured tf32": {"capture": "always", "precision": "tf32"},
    "compiled": {"capture": "always", "compile": True},
    "compiled tf32": {"capture": "always", "compile": True, "precision": "tf32"},
}
MODELS = [
    "mlp",
    "convnet",
    "gru_seq",
    "transformer",
    "lstm_seq",
    "conv_autoenc",
    "residual_tower",
    "gated_routing",
    "iterative_refine",
    "feedback_fixed",
]
TARGETS = {  # milliseconds: eager PyTorch, floDl, captured, compiled, compiled tf32
    "mlp": (104, 69, 53.4, 51.1, 22.5),
    "convnet": (272, 250, 240, 123, 125),
    "gru_seq": (723, 712, 200, 194, 137),
    "transformer": (642, 607, 586, 542, 178),
    "lstm_seq": (364, 286, 131, 132, 132),
    "conv_autoenc": (159, 111, 85.5, 64, 64),
    "residual_tower": (228, 156, 73.6, 69, 37.2),
    "gated_routing": (235, 168, 36.4, 30.5, 21.4),
    "iterative_refine": (225, 136, 50, 43.9, 23.8),
    "feedback_fixed": (172, 152, 35.2, 26.3, 16.1),
}


def work(model: str, side: str, epochs: int) -> dict[str, Any]:
    """One cell, in this process. What is imported here is so before the runner says go."""
    import torch
    from flodl_core import ref
    from flodl_nn import TrainStep
    from ten_models import CASES

    sys.stdin.readline()
    case, device = CASES[model], torch.device("cuda", 0)
    torch.backends.cudnn.benchmark = case.search
    torch.manual_seed(0)
    network = case.make().to(device)
    batches = case.batches(device)
    step: Callable[..., torch.Tensor]
    report = ""
    if side == "by hand":
        step = by_hand(network, case.objective(), case.lr)
    else:
        step = TrainStep(network, loss=case.loss, optimizer=ref("adam", lr=case.lr), **SIDES[side])  # type: ignore[arg-type]

    def epoch() -> float:
        torch.cuda.synchronize()
        start = time.perf_counter()
        for x, y in batches:
            loss = step(x, y)
        last.append(loss.item())
        torch.cuda.synchronize()
        return (time.perf_counter() - start) * 1e3

    last: list[float] = []
    for _ in range(WARM_UP):
        epoch()
    print("ready", flush=True)
    sys.stdin.readline()
    torch.cuda.reset_peak_memory_stats()
    times = [epoch() for _ in range(epochs)]
    middle = median(times)
    if isinstance(step, TrainStep):
        report = str(step.report())
    return {
        "name": model,
        "side": side,
        "epoch_times_ms": times,
        "median_epoch_ms": middle,
        "spread_ms": 1.4826 * median([abs(each - middle) for each in times]),
        "final_loss": last[-1],
        "vram_mb": torch.cuda.max_memory_allocated() / 2**20,
        "vram_reserved_mb": torch.cuda.max_memory_reserved() / 2**20,
        "device": torch.cuda.get_device_name(),
        "torch": torch.__version__,
        "report": report,
    }


def by_hand(network: Any, objective: Any, lr: float) -> Any:
    """The loop that everyone writes, with PyTorch's default Adam."""
    import torch

    optimizer = torch.optim.Adam(network.parameters(), lr=lr)

    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        loss = objective(network(x), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


@dataclass
class Process:
    """A cell's process: it imports at once, warms up when told, and then waits to be timed."""

    model: str
    side: str
    epochs: int

    def __post_init__(self) -> None:
        command = [sys.executable, __file__, "--worker", self.model, self.side, "--epochs", str(self.epochs)]
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - lives as long as the process
        pipe = subprocess.PIPE
        self.run = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=self.errors, text=True)

    def say(self) -> None:
        """Go on: warm up, or measure."""
        assert self.run.stdin is not None
        with suppress(BrokenPipeError):
            self.run.stdin.write("go\n")
            self.run.stdin.flush()

    def wait_until_warm(self) -> None:
        """Until it says so, or ends."""
        assert self.run.stdout is not None
        for line in self.run.stdout:
            if line == "ready\n":
                return

    def measured(self) -> dict[str, Any]:
        """Have it measure, and take the result."""
        self.say()
        assert self.run.stdout is not None
        for line in self.run.stdout:
            if line.startswith("{"):
                found: dict[str, Any] = json.loads(line)
                self.run.wait()
                return found
        self.errors.seek(0)
        return {"name": self.model, "side": self.side, "error": self.errors.read()[-2000:]}


def cells(wanted: list[tuple[str, str]], epochs: int, budget: float, together: int) -> Iterator[dict[str, Any]]:
    """Measure one after the other; the next ones import, and warm up, before."""
    end = time.monotonic() + budget
    for first in range(0, len(wanted), together):
        group = [Process(model, side, epochs) for model, side in wanted[first : first + together]]
        killer = Timer(max(1.0, end - time.monotonic()), lambda each=group: [process.run.kill() for process in each])
        killer.start()
        for process in group:
            process.say()
        for process in group:  # nothing else may run while one is measured
            process.wait_until_warm()
        for process in group:
            yield process.measured()
        killer.cancel()
        if time.monotonic() > end - 12:
            break


def table(found: list[dict[str, Any]]) -> list[str]:
    """Rows of the table: a model each, a side per column, and the targets."""
    sides = [side for side in SIDES if any(cell["side"] == side for cell in found)]
    rows = [
        f"| model | {' | '.join(sides)} | targets: captured, compiled, compiled tf32 |",
        "|---" * (len(sides) + 2) + "|",
    ]
    for model in MODELS:
        mine = {cell["side"]: cell for cell in found if cell["name"] == model}
        if mine:
            _, _, *targets = TARGETS[model]
            told = [_told(mine.get(side)) for side in sides]
            rows.append(f"| {model} | {' | '.join(told)} | {', '.join(map(str, targets))} |")
    return rows


def _told(cell: dict[str, Any] | None) -> str:
    if cell is None:
        return ""
    if "error" in cell:
        return "failed"
    return f"{cell['median_epoch_ms']:.1f} ± {cell['spread_ms']:.1f}"


def main(arguments: argparse.Namespace) -> None:
    """Measure what is missing; write the table."""
    file = Path(arguments.json)
    found = json.loads(file.read_text()) if file.exists() else []
    have = {(cell["name"], cell["side"]) for cell in found if "error" not in cell}
    models, sides = arguments.models or MODELS, arguments.sides or list(SIDES)
    wanted = [(model, side) for side in sides for model in models if (model, side) not in have]
    for cell in cells(wanted, arguments.epochs, arguments.budget, arguments.together):
        found = [each for each in found if (each["name"], each["side"]) != (cell["name"], cell["side"])] + [cell]
        file.write_text(json.dumps(found, indent=1))
        print(f"{cell['side']:<14} {cell['name']:<17} {_told(cell)}", cell.get("error", ""), flush=True)
    good = [cell for cell in found if "error" not in cell]
    machine = f"{good[0]['device']}, torch {good[0]['torch']}"
    facts = f"\nmedians ± spread over {arguments.epochs} epochs of 50 batches; {machine}"
    write_result("captured", "Captured training steps", __doc__ or "", [*table(found), facts], ["torch"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("models", nargs="*")
    parser.add_argument("--sides", nargs="*", choices=SIDES)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--budget", type=float, default=540.0)
    parser.add_argument("--together", type=int, default=1, help="cells that warm up at once; each is timed alone")
    parser.add_argument("--json", default=str(RESULTS / "captured.json"))
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "4")
        print(json.dumps(work(*given.worker, given.epochs)), flush=True)
        os._exit(0)  # nothing to tidy up, and the next one waits
    else:
        main(given)
