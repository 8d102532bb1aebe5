"""Thousands of steps with everything changing in between: memory must stay flat, and no recording may leak.

Usage: python benchmarks/soak.py [--replays 20000] [--eager 10000]

The captured part changes the rate at every step, freezes and thaws a part, and changes the batch's shape; then
eager steps run with the garbage collector off. Prints memory at tenths of each part; exits with 1 if it grew.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable

import torch
from flodl_core import ref
from flodl_nn import TrainStep, cosine
from torch import Tensor, nn

ROWS = (32, 48, 64)


def training(capture: str, steps: int) -> tuple[TrainStep[..., Tensor], Callable[[int], None]]:
    """A step, and what happens at each call."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 256), nn.GELU(), nn.Dropout(0.1), nn.LayerNorm(256), nn.Linear(256, 64))
    model.to(device)
    step = TrainStep(model, loss="mse", optimizer=ref("adamw", lr=1e-3), schedule=cosine(steps), capture=capture)
    data = {rows: torch.randn(rows, 64, device=device) for rows in ROWS}

    def once(index: int) -> None:
        if index % 500 == 250:
            model[0].requires_grad_(index % 1000 == 250)
        x = data[ROWS[index // 100 % len(ROWS)]]
        step(x, x)
        if index % 100 == 0:
            step.evaluate(x, x)

    return step, once


def soak(name: str, capture: str, steps: int) -> bool:
    """Run; print memory on the way; whether it stayed flat."""
    step, once = training(capture, steps)
    seen: list[tuple[int, int]] = []
    began = time.perf_counter()
    for index in range(steps):
        once(index)
        if index % (steps // 10) == steps // 10 - 1:
            seen.append(_memory())
            print(f"{name}: {index + 1} steps, {seen[-1][0]} allocated, {seen[-1][1]} reserved", flush=True)
    print(f"{name}: {(time.perf_counter() - began) / steps * 1e6:.0f} microseconds per step\n{step.report()}")
    first, last = seen[len(seen) // 2], seen[-1]
    return last[0] <= first[0] * 1.01 and last[1] <= first[1] * 1.01


def _memory() -> tuple[int, int]:
    if not torch.cuda.is_available():
        return 0, 0
    torch.cuda.synchronize()
    return torch.cuda.memory_allocated(), torch.cuda.memory_reserved()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--replays", type=int, default=20_000)
    parser.add_argument("--eager", type=int, default=10_000)
    given = parser.parse_args()
    flat = soak("captured", "auto", given.replays)
    gc.disable()
    flat &= soak("eager, no collector", "never", given.eager)
    raise SystemExit(0 if flat else 1)
