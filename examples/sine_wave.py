"""A sine from 200 points: the rate falls along a cosine, the fit is printed, and the file that floDl reads agrees.

Run: python examples/sine_wave.py [FOLDER]      (into runs/sine_wave; needs flodl; some seconds on a CPU)
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import torch
from flodl import FlowBuilder, Graph, Monitor, Sampler, TrainStep, cosine, ref
from torch import Tensor

EPOCHS, BATCHES = 200, 4


def network() -> Graph:
    """One number in, one out; 32 in between, bent twice."""
    return (
        FlowBuilder("linear", 1, 32)
        .through("gelu")
        .also(FlowBuilder("linear", 32, 32).through("gelu"))
        .through("linear", 32, 1)
        .label("sine")
        .build("f32[B,1]")
    )


def train(model: Graph, x: Tensor, y: Tensor, folder: Path) -> None:
    """Batches of 50 in a new order each epoch; the learning rate is recorded beside the loss."""
    schedule = cosine(EPOCHS * BATCHES)
    step = TrainStep(model, loss="mse", optimizer=ref("adam", lr=5e-3), schedule=schedule)
    sampler = Sampler(x, 50, seed=0)
    sinks = ["terminal", ref("csv", path=folder / "sine.csv"), ref("html", path=folder / "sine.html")]
    with Monitor(EPOCHS, sinks=sinks) as monitor:
        monitor.watch(step, lr=5e-3, schedule=schedule, batch_size=50)
        for _ in monitor.epochs(step):
            monitor.record("lr", step.lr)
            for rows in sampler:
                model.record("loss", step(x[rows], y[rows]))


def compare(model: Graph) -> float:
    """A table of ten points between those that were learned from; the largest error anywhere."""
    dense = torch.linspace(-math.pi, math.pi, 1001).unsqueeze(1)
    with model.evaluating():
        errors = (model(dense) - dense.sin()).abs()
        print("     x   sin(x)    model")
        for point in dense[50::100]:
            print(f"{point.item():+.3f}  {point.sin().item():+.4f}  {model(point[None]).item():+.4f}")
    return float(errors.max())


def main(folder: Path) -> Graph:
    """Fit, look, write, read."""
    torch.manual_seed(0)
    x = torch.linspace(-math.pi, math.pi, 200).unsqueeze(1)
    model = network()
    train(model, x, x.sin(), folder)
    worst = compare(model)
    print(f"largest error {worst:.4f}")
    assert worst < 0.05

    model.save_checkpoint(folder / "sine.fdl")
    again = network()
    again.load_checkpoint(folder / "sine.fdl")
    with model.evaluating(), again.evaluating():
        assert torch.equal(again(x), model(x))
    return model


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/sine_wave"))
