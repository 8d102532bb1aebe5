"""Windows reduced to one value, and the way back."""

from __future__ import annotations

from flodl_nn.catalogue.entry import ex, module

_POOLING = "pooling"
_1D, _2D, _3D = "f32[2,3,16]", "f32[2,3,8,8]", "f32[2,3,4,4,4]"

POOLINGS = (
    module("max_pool1d", "MaxPool1d", "The largest value of each stretch.", _POOLING, ex(2, feed=_1D), "maxpool1d"),
    module(
        "max_pool2d",
        "MaxPool2d",
        "The largest value of each window of images.",
        _POOLING,
        ex(2, feed=_2D),
        "maxpool2d",
    ),
    module("max_pool3d", "MaxPool3d", "The largest value of each block of a volume.", _POOLING, ex(2, feed=_3D)),
    module("avg_pool1d", "AvgPool1d", "The mean of each stretch.", _POOLING, ex(2, feed=_1D), "avgpool1d"),
    module("avg_pool2d", "AvgPool2d", "The mean of each window of an image.", _POOLING, ex(2, feed=_2D), "avgpool2d"),
    module("avg_pool3d", "AvgPool3d", "The mean of each block of a volume.", _POOLING, ex(2, feed=_3D)),
    module("lp_pool1d", "LPPool1d", "The p-norm of each stretch.", _POOLING, ex(2, 2, feed=_1D)),
    module("lp_pool2d", "LPPool2d", "The p-norm of each window of an image.", _POOLING, ex(2, 2, feed=_2D)),
    module("lp_pool3d", "LPPool3d", "The p-norm of each block of a volume.", _POOLING, ex(2, 2, feed=_3D)),
    module(
        "adaptive_avg_pool1d", "AdaptiveAvgPool1d", "Means, as many as asked, of any length.", _POOLING, ex(4, feed=_1D)
    ),
    module(
        "adaptive_avg_pool2d", "AdaptiveAvgPool2d", "Means to a size asked, of any image.", _POOLING, ex(1, feed=_2D)
    ),
    module(
        "adaptive_avg_pool3d", "AdaptiveAvgPool3d", "Means to a size asked, of any volume.", _POOLING, ex(1, feed=_3D)
    ),
    module(
        "adaptive_max_pool1d",
        "AdaptiveMaxPool1d",
        "Largest values, as many as asked, of any length.",
        _POOLING,
        ex(4, feed=_1D),
    ),
    module(
        "adaptive_max_pool2d",
        "AdaptiveMaxPool2d",
        "Largest values to a size asked, of any image.",
        _POOLING,
        ex(2, feed=_2D),
        "adaptive_maxpool2d",
    ),
    module(
        "adaptive_max_pool3d",
        "AdaptiveMaxPool3d",
        "Largest values to a size asked, of any volume.",
        _POOLING,
        ex(2, feed=_3D),
    ),
    module(
        "fractional_max_pool2d",
        "FractionalMaxPool2d",
        "Largest values of windows laid out at random.",
        _POOLING,
        ex(2, output_size=5, feed=_2D),
    ),
    module(
        "fractional_max_pool3d",
        "FractionalMaxPool3d",
        "Largest values of blocks laid out at random.",
        _POOLING,
        ex(2, output_size=2, feed=_3D),
    ),
    module(
        "max_unpool1d",
        "MaxUnpool1d",
        "Values put back where max_pool1d found them.",
        _POOLING,
        ex(2, feed="f32[1,1,4] i64[1,1,4]:distinct"),
    ),
    module(
        "max_unpool2d",
        "MaxUnpool2d",
        "Values put back where max_pool2d found them.",
        _POOLING,
        ex(2, feed="f32[1,1,2,2] i64[1,1,2,2]:distinct"),
    ),
    module(
        "max_unpool3d",
        "MaxUnpool3d",
        "Values put back where max_pool3d found them.",
        _POOLING,
        ex(2, feed="f32[1,1,2,2,2] i64[1,1,2,2,2]:distinct"),
    ),
)
