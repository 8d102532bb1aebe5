"""A real training run with all that a page can show: `python training.py FOLDER EPOCHS PORT [HALT...]`.

A network in parts on points of a circle, one part thawed by a rule when the loss stalls, a rate that drops by steps,
states saved after every epoch and gone on from, the event log beside the dashboard. So that somebody can watch, it
waits after each epoch HALT until there is a file `go-HALT` in the folder.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from flodl import FlowBuilder, Graph, Monitor, Sampler, TrainStep, ref, thaw, trend, when
from flodl_core.checkpoint import TrainingState
from torch import Tensor


def network() -> Graph:
    """A classifier of points: an encoder of two parts, a gate of two experts, a head."""
    torch.manual_seed(0)
    scan = FlowBuilder("linear", 2, 32).through("layer_norm", 32).through("gelu").tag("hidden").label("scan").build()
    read = FlowBuilder("linear", 32, 32).through("tanh").label("read").build()
    encoder = FlowBuilder(scan).also(read).label("encoder").build()
    flow = FlowBuilder(encoder).gate("softmax_router", [ref("linear", 32, 32), ref("linear", 32, 32)], dim=32)
    return flow.through("dropout", 0.1).through("linear", 32, 2).tag("answer").label("circle").build()


def points(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Inside or outside a circle, with some noise."""
    chance = torch.Generator().manual_seed(seed)
    x = torch.rand(count, 2, generator=chance) * 2 - 1
    noise = 0.05 * torch.randn(count, generator=chance)
    return x, (x.norm(dim=1) + noise < 0.7).long()


def main(folder: Path, epochs: int, port: int, halts: Sequence[str]) -> None:
    """Train, and serve it until the end. One thread does: the browser wants the others."""
    torch.set_num_threads(1)
    x, y = points(512, 1)
    held_x, held_y = points(256, 2)
    model = network()
    model.freeze("encoder.read")
    rules = [when(trend("loss").stalled(5, tol=0.02)).do(thaw("encoder.read"), once=True)]
    step = TrainStep(
        model, loss="cross_entropy", optimizer=ref("adam", lr=1e-2), schedule=ref("step_decay", 80, 0.3), rules=rules
    )
    sampler = Sampler(x, 64, seed=0)
    sinks = [ref("jsonl", path=str(folder / "run.jsonl")), ref("dashboard", port=port, title="circle")]
    monitor = Monitor(epochs, sinks=sinks)
    monitor.watch(
        step, profile=model.profile(x[:64], repeat=3), lr=1e-2, batch_size=64, data={"points": 512, "seed": 1}
    )
    with monitor, TrainingState(folder / "states", step=step, sampler=sampler, monitor=monitor, keep_best="val_loss"):
        for epoch in monitor.epochs(step):
            while str(epoch) in halts and not (folder / f"go-{epoch}").exists():
                time.sleep(0.02)
            for rows in sampler:
                model.record("loss", step(x[rows], y[rows]), weight=len(rows))
                model.record("encoder.scan.size", model.tagged("encoder.scan.hidden").abs().mean())
            model.record("val_loss", step.evaluate(held_x, held_y))
            with torch.no_grad(), model.evaluating():
                model.record("val_accuracy", (model(held_x).argmax(1) == held_y).float().mean())


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(Path(arguments[0]), int(arguments[1]), int(arguments[2]), arguments[3:])
