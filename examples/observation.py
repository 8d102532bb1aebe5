"""Observation and control: hidden values, losses and accuracies by epoch; trends that act and that stop.

Run: python examples/observation.py [FOLDER]  (into runs/observation; needs flodl and flodl-sklearn; seconds on a CPU)
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
from flodl import FlowBuilder, Graph, Monitor, Sampler, TrainStep, components, ref, scale_lr, stop, trend, when
from torch import Tensor

EPOCHS = 60


def digits() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """1,400 images and their digits to learn from, 397 to be judged by."""
    dataset: Any = components.create("dataset", "digits")
    images, labels = dataset.tensors
    return images[:1400], labels[:1400], images[1400:], labels[1400:]


def network() -> Graph:
    """Two tagged values to watch: the hidden layer, and what the residual adds to it."""
    residual = FlowBuilder("linear", 32, 32).through("tanh").tag("residual").label("refine").build()
    hidden = FlowBuilder("linear", 64, 32).through("gelu").tag("hidden")
    return hidden.also(residual).through("linear", 32, 10).tag("digit").label("model").build()


def main(folder: Path) -> Graph:
    """Train with rules; then ask, and write what was seen to files."""
    torch.manual_seed(0)
    x, y, x_val, y_val = digits()
    model = network()
    slower = when(trend("val_loss").stalled(5)).do(scale_lr(0.3), cooldown=5)
    enough = when((trend("val_accuracy", goal="max").best() > 0.9) & ~trend("val_loss").improving(10)).do(stop())
    dead = when(~trend("loss").finite()).do(stop())
    step = TrainStep(model, loss="cross_entropy", optimizer=ref("adam", lr=1e-2), rules=[slower, enough, dead])
    sampler = Sampler(x, 50, seed=0)
    with Monitor(EPOCHS, sinks=["terminal", ref("jsonl", path=folder / "run.jsonl")]) as monitor:
        for _ in monitor.epochs(step):
            for rows in sampler:
                model.record("loss", step(x[rows], y[rows]), weight=len(rows))
                model.collect("hidden", "refine.residual", reduce="norm")
            with model.evaluating():
                answer = model(x_val)
                missed = torch.nn.functional.cross_entropy(answer, y_val)
                model.record({"loss": missed, "accuracy": (answer.argmax(1) == y_val).double().mean()}, prefix="val_")

    loss, accuracy = model.trend("loss"), model.trend("val_accuracy", goal="max")
    print(f"loss {loss.values[0]:.3f} to {loss.latest():.3f}, slope of the last five {loss.slope(5):+.4f}")
    print(f"best accuracy {accuracy.best():.1%}, after epoch {accuracy.best_epoch()}")
    print(f"hidden stalled: {model.trend('hidden').stalled(5)}, residual: {model.trend('refine.residual').stalled(5)}")
    model.export_trends(folder / "trends.csv", ["loss", "val_loss", "val_accuracy", "refine.residual"])
    model.write_log(folder / "run.log", EPOCHS)

    assert step.stopped
    assert step.epoch < EPOCHS
    assert accuracy.best() > 0.9
    assert loss.improving() is True
    assert len((folder / "trends.csv").read_text().splitlines()) == step.epoch + 1
    return model


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/observation"))
