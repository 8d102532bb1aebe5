"""Mixed precision: the same training in fp32, bf16 and fp16; what stays in single precision; what a loss scale does.

Run: python examples/mixed_precision.py      (needs flodl and flodl-sklearn; a few seconds on a CPU, faster on a GPU)
"""

from __future__ import annotations

from typing import Any

import torch
from flodl import DeviceLoader, FlowBuilder, Graph, TrainStep, components, ref
from torch import Tensor, nn
from torch.utils.data import Subset

EPOCHS = 5


def network() -> Graph:
    """A convolution over 8 x 8 pixels, and a classifier."""
    pixels = FlowBuilder("conv2d", 1, 16, 3, padding=1).through("relu").through("max_pool2d", 2).through("flatten")
    return pixels.through("linear", 256, 10).tag("digit").label("reader").build()


def objective(model: nn.Module, x: Tensor, y: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss to learn from, and the part that was told right to look at."""
    answer = model(x)
    return nn.functional.cross_entropy(answer, y), {"accuracy": (answer.argmax(1) == y).double().mean()}


def data() -> tuple[DeviceLoader, DeviceLoader]:
    """1,400 digits to learn from in batches of 50, 397 to be judged by."""
    digits: Any = components.create("dataset", "digits", flat=False)
    learn, judge = Subset(digits, range(1400)), Subset(digits, range(1400, len(digits)))
    return DeviceLoader(learn, 50), DeviceLoader(judge, 397, shuffle=False)


def train(precision: str) -> tuple[TrainStep[..., Any], float]:
    """From the same weights, with the same batches: only the word differs. The step, and its accuracy."""
    torch.manual_seed(0)
    learn, judge = data()
    model = network().to(learn.device)
    step = TrainStep(model, objective=objective, optimizer=ref("adamw", lr=3e-3), clip_norm=1.0, precision=precision)
    for _ in range(EPOCHS):
        step.run(learn)
        step.end_epoch()
    _, found = step.run(judge, learn=False)
    return step, float(found["accuracy"])


def main() -> dict[str, float]:
    """Train in every precision; show that weights stay what they are, and what a loss scale is for."""
    runs = {precision: train(precision) for precision in ("fp32", "bf16", "fp16")}  # on a GPU there is "tf32" too
    for precision, (step, accuracy) in runs.items():
        weights = {str(p.dtype) for p in step.model.parameters()}
        print(f"{precision}: {accuracy:.1%}, {step.steps} updates, weights in {', '.join(weights)}")
        assert {"torch.float32"} == weights
        assert accuracy > runs["fp32"][1] - 0.03

    # A batch whose gradients are too large for half precision: no update, and half the scale.
    step, _ = runs["fp16"]
    scale = step.state_dict()["scaler"]["scale"]
    before = [p.clone() for p in step.model.parameters()]
    x, y = next(iter(data()[0]))
    step(x * 1e5, y)
    assert all(torch.equal(one, other) for one, other in zip(before, step.model.parameters(), strict=True))
    assert step.state_dict()["scaler"]["scale"] == scale / 2
    print(f"an overflow was skipped: the loss scale went from {scale:.0f} to {scale / 2:.0f}")
    return {precision: accuracy for precision, (_, accuracy) in runs.items()}


if __name__ == "__main__":
    main()
