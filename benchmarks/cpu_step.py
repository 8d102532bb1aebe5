"""A training step on the CPU: PyTorch by hand, the same TrainStep, and both compiled. Microseconds per step.

Usage: python benchmarks/cpu_step.py [--rounds N] [--no-compile]

Small models, where what Python does between kernels shows most; one thread, taken in turns, medians. By hand is the
loop that everyone writes, with the default Adam, and with the fused one, which a TrainStep chooses by itself. Goal: a
TrainStep takes at most 1.02 of the time by hand. Its losses are those of the fused one, bit for bit.
Writes benchmarks/results/cpu_step.md.
"""

from __future__ import annotations

import argparse
import shutil
import time
from collections.abc import Callable
from functools import partial
from statistics import median

import torch
from flodl_core import ref
from flodl_nn import TrainStep
from record import write_result
from torch import Tensor, nn

Step = Callable[[Tensor, Tensor], Tensor]
WARM_UP = 20


class LastOfGRU(nn.Module):
    """A recurrent layer, and a head on the last position."""

    def __init__(self) -> None:
        super().__init__()
        self.gru, self.head = nn.GRU(16, 32, batch_first=True), nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.gru(x)[0][:, -1])


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(64, 64), nn.GELU(), nn.LayerNorm(64), nn.Linear(64, 10))


def convolutions() -> nn.Module:
    stages = [nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*stages, nn.Flatten(), nn.Linear(256, 10))


MODELS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "mlp": (mlp, (32, 64)),
    "conv": (convolutions, (32, 1, 8, 8)),
    "gru": (LastOfGRU, (32, 12, 16)),
}


def by_hand(model: nn.Module, *, fused: bool, compile: bool = False) -> Step:
    """The loop that everyone writes."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=fused or None)

    def loss_of(x: Tensor, y: Tensor) -> Tensor:
        return nn.functional.cross_entropy(model(x), y)

    objective = torch.compile(loss_of, dynamic=False) if compile else loss_of

    def step(x: Tensor, y: Tensor) -> Tensor:
        optimizer.zero_grad()
        loss = objective(x, y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def flodl(model: nn.Module, *, compile: bool = False) -> Step:
    """The same as a step."""
    return TrainStep(model, loss="cross_entropy", optimizer=ref("adam", lr=1e-3), compile=compile)


SIDES: dict[str, Callable[[nn.Module], Step]] = {
    "by hand": partial(by_hand, fused=False),
    "by hand, fused": partial(by_hand, fused=True),
    "flodl": flodl,
    "by hand, fused, compiled": partial(by_hand, fused=True, compile=True),
    "flodl, compiled": partial(flodl, compile=True),
}


def measure(name: str, names: list[str], rounds: int) -> dict[str, float]:
    """Median microseconds of each side, taken in turns; all train alike, or nothing is compared."""
    make, shape = MODELS[name]
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(shape, generator=generator), torch.randint(0, 10, (shape[0],), generator=generator)
    sides: dict[str, Step] = {}
    for side in names:
        torch.manual_seed(0)
        sides[side] = SIDES[side](make())
    for _ in range(WARM_UP):
        losses = {side: step(x, y) for side, step in sides.items()}
    alike = torch.allclose(torch.stack([*losses.values()]), losses["by hand"], rtol=1e-3)
    if not alike or not losses["flodl"].equal(losses["by hand, fused"]):
        raise SystemExit(f"{name}: the sides train differently, {losses}: nothing to compare")
    times: dict[str, list[float]] = {side: [] for side in sides}
    for number in range(rounds):
        for side in names if number % 2 else names[::-1]:
            start = time.perf_counter()
            sides[side](x, y)
            times[side].append(time.perf_counter() - start)
    return {side: median(taken) * 1e6 for side, taken in times.items()}


def main(rounds: int, compiled: bool) -> None:
    torch.set_num_threads(1)
    names = [side for side in SIDES if compiled or "compiled" not in side]
    rows = [f"| model | {' | '.join(names)} | flodl / by hand | / fused |", "|---" * (len(names) + 3) + "|"]
    for name in MODELS:
        found = measure(name, names, rounds)
        cells = " | ".join(f"{found[side]:.0f}" for side in names)
        ratios = " | ".join(f"{found['flodl'] / found[side]:.3f}" for side in ("by hand", "by hand, fused"))
        rows.append(f"| {name} | {cells} | {ratios} |")
    rows.append(f"\nmicroseconds, medians of {rounds} steps taken in turns, one thread, batches of 32")
    write_result("cpu_step", "A training step on the CPU", __doc__ or "", rows, ["torch"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--no-compile", action="store_true", help="leave the compiled sides out")
    given = parser.parse_args()
    main(given.rounds, not given.no_compile and shutil.which("g++") is not None)
