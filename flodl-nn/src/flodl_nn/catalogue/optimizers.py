"""Optimizers by name; those with a fused kernel come from `flodl_nn.optim.fused`."""

from __future__ import annotations

from flodl_core import Example, OptimizerSpec

OPTIMIZERS = (
    OptimizerSpec(
        name="sgd",
        target="flodl_nn.optim.fused:sgd",
        summary="Down the gradient, with momentum if asked.",
        aliases=("SGD",),
        example=Example(kwargs={"lr": 0.1}),
    ),
    OptimizerSpec(
        name="adam",
        target="flodl_nn.optim.fused:adam",
        summary="Each parameter at its own pace, from running moments of its gradient.",
        aliases=("Adam",),
        example=Example(kwargs={"lr": 1e-3}),
    ),
    OptimizerSpec(
        name="adamw",
        target="flodl_nn.optim.fused:adamw",
        summary="Adam with weight decay apart from the gradient.",
        aliases=("AdamW",),
        example=Example(kwargs={"lr": 1e-3, "weight_decay": 0.01}),
    ),
)
