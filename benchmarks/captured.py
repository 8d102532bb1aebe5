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
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
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
MODELS = ["mlp", "convnet", "gru_seq", "transformer", "lstm_seq", "conv_autoenc", "residual_tower", "gated_routing", "iterative_refine", "feedback_fixed"]
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


def start(model: str, side: str, epochs: int) -> subprocess.Popen[str]:
    """A process that imports and waits."""
    command = [sys.executable, __file__, "--worker", model, side, "--epochs", str(epochs)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def cells(wanted: list[tuple[str, str]], epochs: int, budget: float) -> Iterator[dict[str, Any]]:
    """Measure one after the other; the next process imports meanwhile."""
    end = time.monotonic() + budget
    waiting = start(*wanted[0], epochs) if wanted else None
    for index, (model, side) in enumerate(wanted):
        assert waiting is not None
        process = waiting
        waiting = start(*wanted[index + 1], epochs) if index + 1 < len(wanted) else None
        try:
            out, errors = process.communicate("go\n", timeout=max(5.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            out, errors = "", "out of time"
        lines = [line for line in out.splitlines() if line.startswith("{")]
        yield json.loads(lines[-1]) if lines else {"name": model, "side": side, "error": errors[-2000:]}
        if time.monotonic() > end - 12:
            break
    if waiting is not None:
        waiting.kill()


def compile_ahead(models: list[str], sides: list[str], timeout: float) -> None:
    """Fill torch.compile's cache for all models at once: compiling takes cores, measuring the GPU."""
    pairs = [(model, side) for side in sides if side.startswith("compiled") for model in models]
    for side in dict.fromkeys(side for _, side in pairs):
        processes = [start(model, each, 1) for model, each in pairs if each == side]
        end = time.monotonic() + timeout
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            try:
                process.communicate(timeout=max(1.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()


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
    began = time.monotonic()
    if arguments.compile_ahead:
        compile_ahead(models, sides, arguments.compile_ahead)
        print(f"compiled ahead in {time.monotonic() - began:.0f} s", flush=True)
    for cell in cells(wanted, arguments.epochs, arguments.budget - (time.monotonic() - began)):
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
    parser.add_argument("--compile-ahead", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--json", default=str(RESULTS / "captured.json"))
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "4")
        print(json.dumps(work(*given.worker, given.epochs)))
    else:
        main(given)
