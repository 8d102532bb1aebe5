"""What a training step looks at before each replay, and what that costs, in microseconds; and what proofs cost.

Usage: python benchmarks/replay_checks.py

Goal: under 50 microseconds for all of it. Beside it, what the least of it costs: to read two facts of each tensor
through torch's bindings, one by one, since torch has no call that reads them of many. The looks are private parts of
`TrainStep`, each measured by itself: this program changes when they do.
"""

from __future__ import annotations

import time
import timeit
from collections.abc import Callable
from statistics import median

import torch
from flodl_core import ref
from flodl_nn import TrainStep
from torch import Tensor, nn

_ADDRESS = Tensor.data_ptr


def microseconds(call: Callable[[], object]) -> float:
    """The best of seven, per call."""
    return min(timeit.repeat(call, number=500, repeat=7)) / 500 * 1e6


def calls(step: TrainStep[..., Tensor], x: Tensor, times: int, *, waits: bool = True) -> list[float]:
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


def looks(step: TrainStep[..., Tensor]) -> dict[str, Callable[[], object]]:
    """What is called before each replay, by what it looks at."""
    watch, captures = step._parts.watch, step._captures
    return {
        "members and flags": watch.changed,
        "addresses": watch.moved,
        "settings of modules": watch.settings.look,
        "settings of groups": captures._key,
    }


def report(costs: dict[str, float]) -> None:
    """A line each."""
    for name, cost in costs.items():
        print(f"{name:<20} {cost:6.1f}")


def main() -> None:
    """Measure a step that has been replayed a few times; where there is no GPU, one that has run as often."""
    model = nn.Sequential(*[nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4)) for _ in range(75)])
    model.to("cuda" if torch.cuda.is_available() else "cpu")
    step = TrainStep(model, loss="mse", optimizer=ref("adam"))
    tensors = list(model.parameters())
    x = torch.randn(8, 4, device=tensors[0].device)
    for _ in range(12):
        step(x, x)
    print(f"{len(tensors)} tensors, {len(list(model.modules()))} modules, torch {torch.__version__}")
    each = looks(step)
    report({name: microseconds(call) for name, call in each.items()})
    report({"all of it": microseconds(lambda: [call() for call in each.values()])})
    report({"requires_grad alone": microseconds(lambda: [p.requires_grad for p in tensors])})
    report({"data_ptr alone": microseconds(lambda: [*map(_ADDRESS, tensors)])})
    if x.is_cuda:
        took = calls(step, x, 120)  # the 100th replay is among them, and compared with an eager step
        alone = median(calls(step, x, 50, waits=False))
        report({"a replay": median(took), "one that is proved": max(took), "the host's part": alone})


if __name__ == "__main__":
    main()
