"""Quickstart: describe a network, train it, watch it. Two numbers in, their product and the difference of squares out.

Run: python examples/quickstart.py [FOLDER]      (into runs/quickstart; needs flodl; a second or two on a CPU)
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from flodl import FlowBuilder, Graph, Monitor, Sampler, TrainStep, ref

EPOCHS = 50


def network() -> Graph:
    """The stream from top to bottom: wide, normalised, once round a residual, and down to two numbers."""
    return (
        FlowBuilder("linear", 2, 16)
        .through("gelu")
        .through("layer_norm", 16)
        .also("linear", 16, 16)
        .through("linear", 16, 2)
        .label("quickstart")
        .build("f32[B,2]")
    )


def main(folder: Path) -> Graph:
    """Fifty epochs of 32 batches, a line for each, and a page of their curves."""
    torch.manual_seed(42)
    x = torch.randn(512, 2)
    y = torch.stack([x[:, 0] * x[:, 1], x[:, 0] ** 2 - x[:, 1] ** 2], dim=1)

    model = network()
    step = TrainStep(model, loss="mse", optimizer=ref("adam", lr=1e-2), clip_norm=1.0)
    sampler = Sampler(x, 16, seed=42)

    with Monitor(EPOCHS, sinks=["terminal", ref("html", path=folder / "quickstart.html")]) as monitor:
        monitor.watch(step, lr=1e-2, batch_size=16)
        for _ in monitor.epochs(step):
            for rows in sampler:
                model.record("loss", step(x[rows], y[rows]))

    loss = model.trend("loss")
    print(f"loss {loss.values[0]:.3f} to {loss.latest():.4f}; the curves are in {folder / 'quickstart.html'}")
    assert loss.latest() < loss.values[0] / 100
    return model


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/quickstart"))
