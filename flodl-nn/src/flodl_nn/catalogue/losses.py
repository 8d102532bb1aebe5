"""Losses by name."""

from __future__ import annotations

from flodl_core import Example, LossSpec

LOSSES = (
    LossSpec(
        name="cross_entropy",
        target="torch.nn:CrossEntropyLoss",
        summary="Logits against a class, or against probabilities of classes.",
        category="classification",
        aliases=("CrossEntropyLoss", "cross_entropy_loss"),
        example=Example(inputs=("f32[4,3]", "i64[4]")),
    ),
    LossSpec(
        name="mse",
        target="torch.nn:MSELoss",
        summary="Mean squared error.",
        category="regression",
        aliases=("MSELoss", "mse_loss"),
        example=Example(inputs=("f32[4,3]", "f32[4,3]")),
    ),
)
