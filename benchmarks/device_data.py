"""An epoch over data of MNIST's size, by how batches come to the device: milliseconds, with and without learning.

Usage: python benchmarks/device_data.py [--rounds N] [--items N]

A DataLoader as everyone writes it; a DeviceLoader that copies batches; one whose data is resident; and `step.run`,
which gathers inside the recorded step. Taken in turns, medians; all train alike, or nothing is compared.
Goal on a GPU: an epoch of `step.run` takes no longer than replays of batches that lie ready.
Writes benchmarks/results/device_data_DEVICE.md.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable
from statistics import median
from typing import Any

import torch
from flodl_core import ref
from flodl_core.tensor import pick_device
from flodl_nn import DeviceLoader, Sampler, TrainStep
from record import write_result
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

BATCH = 128
DEVICE = pick_device("auto")


def data(items: int) -> TensorDataset:
    generator = torch.Generator().manual_seed(0)
    return TensorDataset(
        torch.randn(items, 784, generator=generator), torch.randint(0, 10, (items,), generator=generator)
    )


def sources(dataset: TensorDataset) -> dict[str, Iterable[Any]]:
    """Loaders with the same order."""
    sampler = Sampler(dataset, BATCH, drop_last=True)
    by_hand = DataLoader(dataset, batch_sampler=sampler, pin_memory=DEVICE.type == "cuda", generator=torch.Generator())

    def kept(keep: Any) -> DeviceLoader:
        return DeviceLoader(dataset, BATCH, drop_last=True, keep=keep)

    ready = [tuple(t.to(DEVICE) for t in batch) for batch in DataLoader(dataset, BATCH, drop_last=True)]
    return {"by hand": by_hand, "prefetched": kept("prefetched"), "resident": kept("resident"), "lying ready": ready}


def a_step() -> TrainStep[..., Tensor]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)).to(DEVICE)
    return TrainStep(model, loss="cross_entropy", optimizer=ref("adam"))


def epochs(dataset: TensorDataset) -> dict[str, Callable[[], Tensor]]:
    """One epoch of each side: the last loss."""

    def loop(loader: Iterable[Any], step: TrainStep[..., Tensor]) -> Callable[[], Tensor]:
        def epoch() -> Tensor:
            for x, y in loader:
                loss = step(x.to(DEVICE, non_blocking=True), y.to(DEVICE, non_blocking=True))
            return loss

        return epoch

    sides = {name: loop(loader, a_step()) for name, loader in sources(dataset).items()}
    whole, step = DeviceLoader(dataset, BATCH, drop_last=True, keep="resident"), a_step()
    return {**sides, "step.run": lambda: step.run(whole)}


def milliseconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    if DEVICE.type == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - start) * 1e3


def main(rounds: int, items: int) -> None:
    dataset = data(items)
    sides = epochs(dataset)
    alone = {name: lambda loader=loader: [None for _ in loader] for name, loader in sources(dataset).items()}
    for _ in range(3):
        losses = {name: epoch() for name, epoch in sides.items()}
    if not all(losses["by hand"].allclose(losses[name], rtol=1e-3) for name in ("resident", "prefetched")):
        raise SystemExit(f"the sides train differently, {losses}: nothing to compare")
    times: dict[str, list[float]] = {name: [] for name in sides}
    bare: dict[str, list[float]] = {name: [] for name in alone}
    for _ in range(rounds):
        for name, epoch in sides.items():
            times[name].append(milliseconds(epoch))
        for name, pass_over in alone.items():
            bare[name].append(milliseconds(pass_over))
    rows = ["| batches | the loader alone | with learning |", "|---|---|---|"]
    for name, taken in times.items():
        loader = f"{median(bare[name]):.1f}" if name in bare else ""
        rows.append(f"| {name} | {loader} | {median(taken):.1f} |")
    where = torch.cuda.get_device_name(DEVICE) if DEVICE.type == "cuda" else "CPU"
    rows.append(f"\nmilliseconds per epoch of {items // BATCH} batches of {BATCH}, medians of {rounds}; {where}")
    write_result(f"device_data_{DEVICE.type}", "Data on the device", __doc__ or "", rows, ["torch"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--items", type=int, default=60_000)
    given = parser.parse_args()
    main(given.rounds, given.items)
