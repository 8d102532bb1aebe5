"""Noise while training, nothing after."""

from __future__ import annotations

from flodl_nn.catalogue.entry import ex, module

_DROPOUT = "dropout"

DROPOUTS = (
    module("dropout", "Dropout", "Zero each value with a probability.", _DROPOUT, ex(0.5, feed="f32[2,8]")),
    module("dropout1d", "Dropout1d", "Zero whole channels of sequences.", _DROPOUT, ex(0.5, feed="f32[2,3,8]")),
    module("dropout2d", "Dropout2d", "Zero whole channels of images.", _DROPOUT, ex(0.5, feed="f32[2,3,4,4]")),
    module("dropout3d", "Dropout3d", "Zero whole channels of volumes.", _DROPOUT, ex(0.5, feed="f32[2,3,2,2,2]")),
    module(
        "alpha_dropout",
        "AlphaDropout",
        "Dropout that keeps mean and variance; goes with selu.",
        _DROPOUT,
        ex(0.5, feed="f32[2,8]"),
    ),
    module(
        "feature_alpha_dropout",
        "FeatureAlphaDropout",
        "Alpha dropout of whole channels.",
        _DROPOUT,
        ex(0.5, feed="f32[2,3,4,4]"),
    ),
    module(
        "stochastic_depth",
        "flodl_nn.modules.residual:StochasticDepth",
        "Zero whole samples: a residual branch skipped at random.",
        _DROPOUT,
        ex(0.2, feed="f32[4,8]"),
        "drop_path",
        "DropPath",
    ),
)
