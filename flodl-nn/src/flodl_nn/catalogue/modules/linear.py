"""Weighted sums, similarities of pairs, and output layers that are their own loss."""

from __future__ import annotations

from flodl_nn.catalogue.entry import ex, module

_LINEAR, _PAIR, _HEAD = "linear", "similarity", "head"

LINEARS = (
    module("linear", "Linear", "Every output a weighted sum of all inputs.", _LINEAR, ex(8, 4, feed="f32[2,8]")),
    module(
        "bilinear",
        "Bilinear",
        "Weighted sums of all products of two inputs.",
        _LINEAR,
        ex(4, 3, 5, feed="f32[2,4] f32[2,3]"),
    ),
    module("identity", "Identity", "What comes in goes out.", _LINEAR, ex(feed="f32[2,8]")),
    module(
        "swiglu",
        "flodl_nn.modules.gated:SwiGLU",
        "Feed-forward block with a SiLU gate.",
        _LINEAR,
        ex(8, hidden=16, feed="f32[2,8]"),
    ),
    module(
        "geglu",
        "flodl_nn.modules.gated:GEGLU",
        "Feed-forward block with a GELU gate.",
        _LINEAR,
        ex(8, hidden=16, feed="f32[2,8]"),
    ),
    module(
        "reglu",
        "flodl_nn.modules.gated:ReGLU",
        "Feed-forward block with a ReLU gate.",
        _LINEAR,
        ex(8, hidden=16, feed="f32[2,8]"),
    ),
    module(
        "cosine_similarity",
        "CosineSimilarity",
        "Cosine of the angle between two inputs.",
        _PAIR,
        ex(feed="f32[4,8] f32[4,8]"),
    ),
    module(
        "pairwise_distance",
        "PairwiseDistance",
        "Distance between two inputs, row by row.",
        _PAIR,
        ex(feed="f32[4,8] f32[4,8]"),
    ),
    module(
        "adaptive_log_softmax_with_loss",
        "AdaptiveLogSoftmaxWithLoss",
        "Log-probabilities of very many classes, rare ones in cheaper clusters, and their loss.",
        _HEAD,
        ex(8, 10, cutoffs=(4,), feed="f32[4,8] i64[4]"),
        outputs="output loss",
    ),
    module(
        "linear_cross_entropy",
        "LinearCrossEntropyLoss",
        "Linear layer and cross entropy in one, without the logits of all classes at once.",
        _HEAD,
        ex(8, 5, feed="f32[4,8] i64[4]"),
        requires=("torch>=2.13",),
    ),
)
