"""Values to a common scale: over the batch, a sample, a group, a channel."""

from __future__ import annotations

from flodl_nn.catalogue.entry import ex, module

_NORMALIZATION = "normalization"
_ROW, _1D, _2D, _3D = "f32[4,8]", "f32[4,8,5]", "f32[2,8,4,4]", "f32[2,8,2,2,2]"

NORMALIZATIONS = (
    module(
        "batch_norm1d",
        "BatchNorm1d",
        "Each feature to mean 0 and variance 1 over the batch.",
        _NORMALIZATION,
        ex(8, feed=_ROW),
        "batchnorm",
        "BatchNorm",
    ),
    module(
        "batch_norm2d",
        "BatchNorm2d",
        "Each channel of images to mean 0 and variance 1 over the batch.",
        _NORMALIZATION,
        ex(8, feed=_2D),
        "batchnorm2d",
    ),
    module(
        "batch_norm3d",
        "BatchNorm3d",
        "Each channel of volumes to mean 0 and variance 1 over the batch.",
        _NORMALIZATION,
        ex(8, feed=_3D),
    ),
    module(
        "sync_batch_norm",
        "SyncBatchNorm",
        "Batch normalization over the batches of all processes.",
        _NORMALIZATION,
        ex(8, feed=_2D),
    ),
    module(
        "layer_norm",
        "LayerNorm",
        "Each sample to mean 0 and variance 1 over its last dimensions.",
        _NORMALIZATION,
        ex(8, feed=_ROW),
        "layernorm",
    ),
    module(
        "rms_norm",
        "RMSNorm",
        "Each sample to mean square 1 over its last dimensions.",
        _NORMALIZATION,
        ex(8, feed=_ROW),
        "rmsnorm",
    ),
    module(
        "group_norm",
        "GroupNorm",
        "Groups of channels of each sample to mean 0 and variance 1.",
        _NORMALIZATION,
        ex(2, 8, feed=_2D),
        "groupnorm",
    ),
    module(
        "instance_norm1d",
        "InstanceNorm1d",
        "Each channel of each sequence to mean 0 and variance 1.",
        _NORMALIZATION,
        ex(8, affine=True, feed=_1D),
    ),
    module(
        "instance_norm2d",
        "InstanceNorm2d",
        "Each channel of each image to mean 0 and variance 1.",
        _NORMALIZATION,
        ex(8, affine=True, feed=_2D),
        "instance_norm",
        "InstanceNorm",
    ),
    module(
        "instance_norm3d",
        "InstanceNorm3d",
        "Each channel of each volume to mean 0 and variance 1.",
        _NORMALIZATION,
        ex(8, affine=True, feed=_3D),
    ),
    module(
        "local_response_norm",
        "LocalResponseNorm",
        "Each value divided by a norm over neighbouring channels.",
        _NORMALIZATION,
        ex(2, feed=_2D),
    ),
    module(
        "cross_map_lrn2d",
        "CrossMapLRN2d",
        "Local response normalization as Torch 7 had it.",
        _NORMALIZATION,
        ex(2, feed=_2D),
        waives=dict.fromkeys(
            ("gradients", "gradients in eval"),
            "the backward of torch's CrossMapLRN2d is not the derivative of its forward; local_response_norm's is",
        ),
    ),
    module(
        "layer_norm2d",
        "flodl_nn.modules.channels:LayerNorm2d",
        "Each pixel to mean 0 and variance 1 over its channels.",
        _NORMALIZATION,
        ex(8, feed=_2D),
    ),
    module(
        "l2_normalize",
        "flodl_nn.modules.channels:L2Normalize",
        "Vectors to length 1.",
        _NORMALIZATION,
        ex(feed=_ROW),
        "normalize",
    ),
    module(
        "layer_scale",
        "flodl_nn.modules.residual:LayerScale",
        "Each channel by a learned factor that starts small.",
        _NORMALIZATION,
        ex(8, feed=_ROW),
    ),
)
