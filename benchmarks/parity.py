"""Is captured training eager training? floDl's ten models, losses and weights of both, bit for bit.

Usage: python benchmarks/parity.py [MODEL...] [--steps 200] [--settings SETTING...]    (needs flodl-bench)

Each model trains twice from the same weights, with deterministic kernels: capture="never" and capture="always".
Prints the largest difference of losses and of weights; 0.0 means equal bits. Exits with 1 if any is not.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # before CUDA starts

import torch
from flodl_bench import MODELS
from flodl_core import ref
from flodl_nn import TrainStep, cosine
from torch import Tensor, nn

BATCHES = 50
DROPOUT = "dropout"  # of the model's output: a draw of random numbers in each step
SETTINGS: dict[str, dict[str, object]] = {
    "plain": {},
    "schedule, clipping, accumulation": {"schedule": cosine(200), "clip_norm": 0.1, "accumulate": 4},
    "bf16": {"precision": "bf16"},
    "fp16": {"precision": "fp16"},
    DROPOUT: {},
}


def training(name: str, capture: str, steps: int, setting: str) -> tuple[Tensor, list[Tensor], int]:
    """Losses, weights, replays."""
    device = torch.device("cuda", 0)
    case = MODELS[name]
    torch.manual_seed(0)
    model: nn.Module = case.in_pytorch()
    if setting == DROPOUT:
        model = nn.Sequential(model, nn.Dropout(0.1))
    model.to(device)
    batches = case.batches(BATCHES, device)
    step = TrainStep(model, loss=case.loss, optimizer=ref("adam", lr=case.lr), capture=capture, **SETTINGS[setting])  # type: ignore[arg-type]
    losses = [step(*batches[index % len(batches)]) for index in range(steps)]
    replays = sum(row.replays for row in step.report().rows)
    return torch.stack(losses), list(model.state_dict().values()), replays


def compared(name: str, setting: str, steps: int) -> bool:
    """Print one line; whether all bits are equal."""
    expected, weights, _ = training(name, "never", steps, setting)
    actual, others, replays = training(name, "always", steps, setting)
    loss = (expected.double() - actual.double()).abs().max().item()
    weight = max((a.double() - b.double()).abs().max().item() for a, b in zip(weights, others, strict=True))
    same = expected.equal(actual) and all(a.equal(b) for a, b in zip(weights, others, strict=True))
    print(
        f"| {name} | {setting} | {steps} | {replays} | {loss:.1e} | {weight:.1e} | {'yes' if same else 'no'} |",
        flush=True,
    )
    return same


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("models", nargs="*", default=list(MODELS))
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--settings", nargs="*", default=["plain"], choices=SETTINGS)
    given = parser.parse_args()
    torch.use_deterministic_algorithms(True)
    print("| model | setting | steps | replays | losses differ by | weights differ by | equal bits |")
    print("|---|---|---|---|---|---|---|")
    results = [compared(name, each, given.steps) for each in given.settings for name in given.models or MODELS]
    raise SystemExit(0 if all(results) else 1)
