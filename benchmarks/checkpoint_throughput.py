"""Saving and loading with digests, beside plain safetensors, in one run.

    python benchmarks/checkpoint_throughput.py [--mebibytes 256] [--rounds 7] [--folder DIR] [--json FILE]

Both sides do the same work for the user: a module's values are durable in a file (fsync on both sides), and a
file's values are in a module (page cache warm on both sides). Rounds are interleaved; the medians' ratio is theirs
divided by ours: 1.0 is as fast as plain safetensors, which finds no flipped bit.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import safetensors
import torch
from flodl_core.checkpoint import load_checkpoint, save_checkpoint
from safetensors.torch import load_file, save_file
from torch import nn

WIDTH = 1024
MEBIBYTE = 1 << 20


def main() -> None:
    options = parsed()
    torch.manual_seed(0)
    layers = options.mebibytes * MEBIBYTE // (WIDTH * WIDTH * 4)
    module = nn.Sequential(*(nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(layers)))
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        results = compared(module, Path(folder), options.rounds)
    report = {
        "mebibytes": options.mebibytes,
        "rounds": options.rounds,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "safetensors": safetensors.__version__,
        **results,
    }
    print(json.dumps(report, indent=2))
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mebibytes", type=int, default=256, help="size of the model")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--folder", help="where the files go; the default is the system's temporary folder")
    parser.add_argument("--json", type=Path, help="write the report here too")
    return parser.parse_args()


def compared(module: nn.Module, folder: Path, rounds: int) -> dict[str, dict[str, float]]:
    """Median milliseconds of both sides, and how many times faster ours is."""
    ours, theirs = folder / "ours.safetensors", folder / "theirs.safetensors"
    jobs: dict[str, Callable[[], object]] = {
        "save flodl": lambda: save_checkpoint(ours, module),
        "save safetensors": lambda: save_durably(module, theirs),
        "load flodl": lambda: load_checkpoint(ours, module),
        "load safetensors": lambda: module.load_state_dict(load_file(theirs)),
    }
    taken: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds + 1):
        for name, job in jobs.items():
            begun = time.perf_counter()
            job()
            taken[name].append(time.perf_counter() - begun)
    medians = {name: statistics.median(times[1:]) * 1000 for name, times in taken.items()}  # the first warms up
    return {verb: summary(medians[f"{verb} flodl"], medians[f"{verb} safetensors"]) for verb in ("save", "load")}


def summary(ours: float, theirs: float) -> dict[str, float]:
    return {"flodl_ms": round(ours, 1), "safetensors_ms": round(theirs, 1), "ratio": round(theirs / ours, 3)}


def save_durably(module: nn.Module, path: Path) -> None:
    """What a careful user of plain safetensors writes: beside the target, fsync, rename, fsync."""
    staged = path.with_suffix(".staged")
    save_file(module.state_dict(), staged)
    for place, flags in ((staged, os.O_RDONLY), (path.parent, os.O_RDONLY | os.O_DIRECTORY)):
        descriptor = os.open(place, flags)
        os.fsync(descriptor)
        os.close(descriptor)
    os.replace(staged, path)


if __name__ == "__main__":
    main()
