"""Initializers by name."""

from __future__ import annotations

from flodl_nn.catalogue.entry import ex, initializer

_PLAIN, _RANDOM, _SCALED = "plain", "random", "scaled by fans"
_HOME = "flodl_nn.init"

INITIALIZERS = (
    initializer("zeros", f"{_HOME}:zeros", "All 0.", _PLAIN, ex(feed="f32[4,3]")),
    initializer("ones", f"{_HOME}:ones", "All 1.", _PLAIN, ex(feed="f32[4,3]")),
    initializer("constant", f"{_HOME}:constant", "All one value.", _PLAIN, ex(0.5, feed="f32[4,3]")),
    initializer("eye", f"{_HOME}:eye", "The identity, for matrices.", _PLAIN, ex(feed="f32[4,3]")),
    initializer("dirac", f"{_HOME}:dirac", "The identity, for convolutions.", _PLAIN, ex(feed="f32[4,4,3,3]")),
    initializer("uniform", f"{_HOME}:uniform", "Evenly between two values.", _RANDOM, ex(-1.0, 1.0, feed="f32[64,32]")),
    initializer("normal", f"{_HOME}:normal", "A bell curve.", _RANDOM, ex(std=0.02, feed="f32[64,32]")),
    initializer(
        "trunc_normal", f"{_HOME}:trunc_normal", "A bell curve without its tails.", _RANDOM, ex(feed="f32[64,32]")
    ),
    initializer("orthogonal", f"{_HOME}:orthogonal", "Rows or columns at right angles.", _RANDOM, ex(feed="f32[16,8]")),
    initializer("sparse", f"{_HOME}:sparse", "A bell curve, mostly 0.", _RANDOM, ex(0.5, feed="f32[64,32]")),
    initializer(
        "xavier_uniform",
        f"{_HOME}:xavier_uniform",
        "Evenly; variance is kept, forward and backward.",
        _SCALED,
        ex(feed="f32[64,32]"),
        "glorot_uniform",
    ),
    initializer(
        "xavier_normal",
        f"{_HOME}:xavier_normal",
        "A bell curve; variance is kept, forward and backward.",
        _SCALED,
        ex(feed="f32[64,32]"),
        "glorot_normal",
    ),
    initializer(
        "kaiming_uniform",
        f"{_HOME}:kaiming_uniform",
        "Evenly; variance stays through relu.",
        _SCALED,
        ex(feed="f32[64,32]"),
        "he_uniform",
    ),
    initializer(
        "kaiming_normal",
        f"{_HOME}:kaiming_normal",
        "A bell curve; variance stays through relu.",
        _SCALED,
        ex(feed="f32[64,32]"),
        "he_normal",
    ),
    initializer(
        "lecun_uniform", f"{_HOME}:lecun_uniform", "Evenly, of variance 1 / fan_in.", _SCALED, ex(feed="f32[64,32]")
    ),
    initializer(
        "lecun_normal",
        f"{_HOME}:lecun_normal",
        "A bell curve of variance 1 / fan_in; goes with selu.",
        _SCALED,
        ex(feed="f32[64,32]"),
    ),
    initializer(
        "uniform_bias",
        f"{_HOME}:uniform_bias",
        "Evenly within 1 / sqrt(fan_in), as the biases of torch's layers.",
        _SCALED,
        ex(32, feed="f32[64]"),
    ),
)
