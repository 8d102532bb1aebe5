"""Which module of the Rust framework floDl each of ours is, and what floDl calls its tensors.

One row per layer and activation of floDl 0.2.2; what is not here, floDl does not have. Gates of
recurrent layers stand in the same order on both sides (r, z, n; i, f, g, o).
"""

from __future__ import annotations

from collections.abc import Mapping

from flodl_core import Layout

_CELL = "w_ih=weight_ih w_hh=weight_hh b_ih=bias_ih b_hh=bias_hh"
_LAYERS = "w_ih=weight_ih_l# w_hh=weight_hh_l# b_ih=bias_ih_l# b_hh=bias_hh_l#"
_STATISTICS, _COUNTER = "running_mean running_var", "num_batches_tracked"
_PROJECTIONS = " ".join(f"{part}_proj.weight {part}_proj.bias" for part in ("q", "k", "v", "out"))

_INSTANCE_NORM = Layout("instance_norm", "weight? bias?")

_WITH_TENSORS = {
    "linear": Layout("linear", "weight bias?"),
    "bilinear": Layout("bilinear", "weight bias?"),
    "conv1d": Layout("conv1d", "weight bias?"),
    "conv2d": Layout("conv2d", "weight bias?"),
    "conv3d": Layout("conv3d", "weight bias?"),
    "conv_transpose1d": Layout("conv_t1d", "weight bias?"),
    "conv_transpose2d": Layout("conv_t2d", "weight bias?"),
    "conv_transpose3d": Layout("conv_transpose3d", "weight bias?"),
    "layer_norm": Layout("layernorm", "weight bias"),
    "rms_norm": Layout("rmsnorm", "weight"),
    "group_norm": Layout("groupnorm", "weight bias"),
    "batch_norm1d": Layout("batchnorm", "weight bias", _STATISTICS, own=_COUNTER),
    "batch_norm2d": Layout("batchnorm2d", "weight bias", _STATISTICS, own=_COUNTER),
    "instance_norm1d": _INSTANCE_NORM,
    "instance_norm2d": _INSTANCE_NORM,
    "instance_norm3d": _INSTANCE_NORM,
    "embedding": Layout("embedding", "weight"),
    "embedding_bag": Layout("embedding_bag", "weight"),
    "gru_cell": Layout("grucell", _CELL),
    "lstm_cell": Layout("lstmcell", _CELL),
    "gru": Layout("gru", _LAYERS),
    "lstm": Layout("lstm", _LAYERS),
    "multihead_attention": Layout("multihead_attention", _PROJECTIONS),
    "prelu": Layout("prelu", "weight"),
}

_WITHOUT_TENSORS = {
    **{name: name for name in ("dropout", "dropout2d", "alpha_dropout", "zero_pad2d", "reflection_pad2d")},
    **{f"{kind}_pool{size}d": f"{kind}pool{size}d" for kind in ("max", "avg") for size in (1, 2)},
    "adaptive_max_pool2d": "adaptive_maxpool2d",
    **{name: name for name in ("pixel_shuffle", "pixel_unshuffle", "upsample", "unfold", "fold", "gaussian_blur")},
    **{name: name for name in ("identity", "relu", "sigmoid", "tanh", "gelu", "silu", "leaky_relu", "elu", "mish")},
    **{name: name for name in ("selu", "hardswish", "hardsigmoid", "softmax", "log_softmax", "flatten", "softplus")},
    "reshape": "reshape",
}

LAYOUTS: Mapping[str, Layout] = {
    **_WITH_TENSORS,
    **{name: Layout(called) for name, called in _WITHOUT_TENSORS.items()},
}
"""Our component's name to floDl's layout."""
