"""Filters slid over sequences, images and volumes, and the patches they see."""

from __future__ import annotations

from flodl_nn.catalogue.entry import ex, module

_CONVOLUTION, _PATCHES = "convolution", "patches"

CONVOLUTIONS = (
    module(
        "conv1d",
        "Conv1d",
        "A filter slid over sequences.",
        _CONVOLUTION,
        ex(3, 8, 3, padding=1, feed="f32[2,3,16]"),
    ),
    module("conv2d", "Conv2d", "A filter slid over images.", _CONVOLUTION, ex(3, 8, 3, padding=1, feed="f32[2,3,8,8]")),
    module(
        "conv3d", "Conv3d", "A filter slid over volumes.", _CONVOLUTION, ex(2, 4, 3, padding=1, feed="f32[2,2,4,4,4]")
    ),
    module(
        "conv_transpose1d",
        "ConvTranspose1d",
        "The way back of conv1d: each value spread by a filter.",
        _CONVOLUTION,
        ex(4, 3, 2, stride=2, feed="f32[2,4,8]"),
        "conv_t1d",
    ),
    module(
        "conv_transpose2d",
        "ConvTranspose2d",
        "The way back of conv2d: each pixel spread by a filter.",
        _CONVOLUTION,
        ex(4, 3, 2, stride=2, feed="f32[2,4,4,4]"),
        "conv_t2d",
    ),
    module(
        "conv_transpose3d",
        "ConvTranspose3d",
        "The way back of conv3d: each voxel spread by a filter.",
        _CONVOLUTION,
        ex(4, 2, 2, stride=2, feed="f32[2,4,2,2,2]"),
    ),
    module("unfold", "Unfold", "Every patch of an image as a column.", _PATCHES, ex(2, feed="f32[2,3,4,4]")),
    module("fold", "Fold", "Columns of patches summed back into an image.", _PATCHES, ex(4, 2, feed="f32[2,12,9]")),
    module(
        "patch_embedding",
        "flodl_nn.modules.patches:PatchEmbedding",
        "An image cut into square patches, each a token.",
        _PATCHES,
        ex(3, 16, patch=4, feed="f32[2,3,8,8]"),
    ),
    module(
        "gaussian_blur",
        "flodl_nn.modules.gaussian_blur:GaussianBlur",
        "Images smoothed by a bell curve; differentiable.",
        _CONVOLUTION,
        ex(1.0, feed="f32[2,3,8,8]"),
    ),
)
