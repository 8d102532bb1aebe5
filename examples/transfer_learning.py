"""Transfer learning: an encoder that learned to read digits tells even from odd ones after 20 examples.

Run: python examples/transfer_learning.py      (needs flodl and flodl-sklearn; a few seconds on a CPU)
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import torch
from flodl import FlowBuilder, Graph, TrainStep, components, ref
from torch import Tensor


def digits() -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """1,000 images with their digit; 20 others with their parity to learn from, and 777 to be judged by."""
    dataset: Any = components.create("dataset", "digits")
    images, labels = dataset.tensors
    return (
        (images[:1000], labels[:1000]),
        (images[1000:1020], labels[1000:1020] % 2),
        (images[1020:], labels[1020:] % 2),
    )


def network(head: str, classes: int) -> Graph:
    """An encoder, and a head for so many classes."""
    encoder = FlowBuilder("linear", 64, 64).through("relu").through("linear", 64, 32).through("relu").label("encoder")
    return FlowBuilder(encoder.build()).through("linear", 32, classes).tag(head).build()


def train(step: TrainStep[..., Tensor], images: Tensor, labels: Tensor, epochs: int) -> None:
    """Batches of 20 in a new order each epoch."""
    for _ in range(epochs):
        for rows in torch.randperm(len(labels)).split(20):
            step(images[rows], labels[rows])
        step.end_epoch()


def accuracy(model: Graph, images: Tensor, labels: Tensor) -> float:
    """The part of the images that the model tells right."""
    with model.evaluating():
        return float((model(images).argmax(1) == labels).double().mean())


def main() -> dict[str, float]:
    """Pre-train, save, build anew, load what fits, train the head alone, then all of it at two rates."""
    torch.manual_seed(0)
    plenty, few, rest = digits()

    reader = network("digit", 10)
    train(TrainStep(reader, loss="cross_entropy", optimizer=ref("adam", lr=3e-3)), *plenty, epochs=10)

    model = network("parity", 2)
    with tempfile.TemporaryDirectory() as folder:
        reader.save_checkpoint(Path(folder) / "reader.safetensors")
        report = model.load_checkpoint(Path(folder) / "reader.safetensors", partial=True)
    print("loaded:", *report.loaded)
    assert {name.partition(".")[0] for name in report.loaded} == {"encoder"}

    step = TrainStep(model, loss="cross_entropy", optimizer="adam", groups={"encoder": 3e-4, "parity": 1e-2})
    encoder = model.get_submodule("encoder")
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    model.freeze("encoder")
    print(model.param_summary())
    train(step, *few, epochs=30)
    assert all(torch.equal(before[name], value) for name, value in encoder.state_dict().items())
    found = {"encoder frozen": accuracy(model, *rest)}

    model.thaw("encoder")
    train(step, *few, epochs=30)
    assert not torch.equal(before["linear_1.weight"], encoder.state_dict()["linear_1.weight"])
    found["fine-tuned"] = accuracy(model, *rest)

    alone = network("parity", 2)
    train(TrainStep(alone, loss="cross_entropy", optimizer=ref("adam", lr=3e-3)), *few, epochs=60)
    found["from scratch"] = accuracy(alone, *rest)

    for name, value in found.items():
        print(f"{name:<14} {value:.1%}")
    assert found["fine-tuned"] > found["from scratch"] + 0.03
    return found


if __name__ == "__main__":
    main()
