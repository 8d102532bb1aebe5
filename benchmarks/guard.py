"""What a training step looks at before each replay, and what it costs: 300 tensors, microseconds. And what proofs cost.

Usage: python benchmarks/guard.py

Goal: under 50 microseconds for the guard. Beside it, what the least of it costs: to read two facts of each tensor
through torch's bindings, one by one, since torch has no call that reads them of many.
"""

from __future__ import annotations

import time
import timeit
from statistics import median

import torch
from flodl_core import ref
from flodl_nn import TrainStep
from torch import Tensor, nn

_ADDRESS = Tensor.data_ptr


def microseconds(call: object) -> float:
    """The best of seven, per call."""
    return min(timeit.repeat(call, number=500, repeat=7)) / 500 * 1e6  # type: ignore[arg-type]


def calls(step: TrainStep, x: Tensor, times: int, *, waits: bool = True) -> list[float]:
    """Microseconds of each, the device's part in it where it `waits`."""
    took = []
    torch.cuda.synchronize()
    for _ in range(times):
        began = time.perf_counter()
        step(x, x)
        if waits:
            torch.cuda.synchronize()
        took.append((time.perf_counter() - began) * 1e6)
    return took


def main() -> None:
    """Print one line for each part."""
    model = nn.Sequential(*[nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4)) for _ in range(75)])
    model.to("cuda" if torch.cuda.is_available() else "cpu")
    step = TrainStep(model, loss="mse", optimizer=ref("adam"))
    x = torch.randn(8, 4, device=next(model.parameters()).device)
    for _ in range(12):
        step(x, x)
    watch = step._parts.watch
    parts = {"members and flags": watch.changed, "addresses": watch.moved}
    parts |= {"settings of modules": watch.settings.look, "settings of groups": step._captures._key}
    print(f"{len(list(model.parameters()))} tensors, {len(list(model.modules()))} modules, torch {torch.__version__}")
    for name, call in parts.items():
        print(f"{name:<20} {microseconds(call):6.1f}")
    print(f"{'the guard':<20} {microseconds(lambda: [call() for call in parts.values()]):6.1f}")
    tensors = list(model.parameters())
    least = {"requires_grad": lambda: [p.requires_grad for p in tensors], "data_ptr": lambda: [*map(_ADDRESS, tensors)]}
    for name, call in least.items():
        print(f"{name + ' alone':<20} {microseconds(call):6.1f}")
    if x.is_cuda:
        took = calls(step, x, 120)  # the 100th replay is among them, and compared with an eager step
        print(f"{'a replay':<20} {median(took):6.1f}\n{'one that is proved':<20} {max(took):6.1f}")
        print(f"{'the host alone':<20} {median(calls(step, x, 50, waits=False)):6.1f}")


if __name__ == "__main__":
    main()
