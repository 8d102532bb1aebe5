"""Activations as functions: the modules of the same names call these."""

from __future__ import annotations

from functools import partial

from flodl_core.tensor.ops.row import row

op = partial(row, category="activation")
_X = "f32[2,4]"

ACTIVATIONS = (
    op("relu(input, /)", _X, "max(0, x)."),
    op("sigmoid(input, /)", _X, "To between 0 and 1."),
    op("tanh(input, /)", _X, "To between -1 and 1."),
    op(
        "gelu(input, /, *, approximate: str = 'none')",
        _X,
        "x times the normal distribution function of x.",
        of="F",
    ),
    op("silu(input, /)", _X, "x times its sigmoid.", "swish", of="F"),
    op("leaky_relu(input, /, *, negative_slope: float = 0.01)", _X, "x above 0, a small part of it below.", of="F"),
    op("elu(input, /, *, alpha: float = 1.0)", _X, "x above 0, exp(x) - 1 below.", of="F"),
    op(
        "softplus(input, /, *, beta: float = 1, threshold: float = 20)",
        _X,
        "log(1 + exp(x)): a smooth relu.",
        of="F",
    ),
    op("mish(input, /)", _X, "x times tanh of its softplus.", of="F"),
    op("selu(input, /)", _X, "An elu scaled so that deep networks keep mean and variance."),
    op("hardswish(input, /)", _X, "A silu of straight lines and a parabola.", of="F"),
    op("hardsigmoid(input, /)", _X, "A sigmoid of three straight lines.", of="F"),
    op("prelu(input, weight, /)", f"{_X} f32[4]", "x above 0, a learned part of it below."),
    op("softmax(input, /, *, dim: int)", _X, "Positive and summing to 1 along a dimension.", dim=-1),
    op("log_softmax(input, /, *, dim: int)", _X, "The logarithm of the softmax.", dim=-1),
    op("glu(input, /, *, dim: int = -1)", _X, "One half times the sigmoid of the other.", of="F"),
)
