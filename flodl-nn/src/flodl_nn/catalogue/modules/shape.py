"""The same values in another form; larger and smaller images; channels by what they hold."""

from __future__ import annotations

from flodl_nn.catalogue.entry import ex, module

_SHAPE, _SAMPLING, _CHANNELS = "shape", "sampling", "channels"
_IMAGE = "f32[2,4,4,4]"

SHAPES = (
    module("flatten", "Flatten", "Several dimensions as one; the batch stays.", _SHAPE, ex(feed="f32[2,3,4]")),
    module("unflatten", "Unflatten", "One dimension as several.", _SHAPE, ex(1, (2, 4), feed="f32[2,8]")),
    module(
        "reshape",
        "flodl_nn.modules.shape:Reshape",
        "Another shape of as many values.",
        _SHAPE,
        ex((-1, 4), feed="f32[2,8]"),
    ),
    module(
        "permute",
        "flodl_nn.modules.shape:Permute",
        "Dimensions in another order.",
        _SHAPE,
        ex((0, 2, 1), feed="f32[2,3,4]"),
    ),
    module("pixel_shuffle", "PixelShuffle", "Channels as finer pixels.", _SAMPLING, ex(2, feed=_IMAGE)),
    module("pixel_unshuffle", "PixelUnshuffle", "Pixels as more channels.", _SAMPLING, ex(2, feed=_IMAGE)),
    module("upsample", "Upsample", "Larger, by any interpolation.", _SAMPLING, ex(scale_factor=2, feed=_IMAGE)),
    module(
        "upsampling_nearest2d",
        "UpsamplingNearest2d",
        "Larger images, each pixel repeated.",
        _SAMPLING,
        ex(scale_factor=2, feed=_IMAGE),
    ),
    module(
        "upsampling_bilinear2d",
        "UpsamplingBilinear2d",
        "Larger images, between pixels in lines, corners aligned.",
        _SAMPLING,
        ex(scale_factor=2, feed=_IMAGE),
    ),
    module("channel_shuffle", "ChannelShuffle", "Channels dealt out between groups.", _CHANNELS, ex(2, feed=_IMAGE)),
    module(
        "squeeze_excite",
        "flodl_nn.modules.channels:SqueezeExcite",
        "Each channel weighed by what all of them hold.",
        _CHANNELS,
        ex(4, reduction=2, feed=_IMAGE),
        "SEBlock",
    ),
)
