"""Modules by name."""

from __future__ import annotations

from flodl_core import Example, ModuleSpec

MODULES = (
    ModuleSpec(
        name="linear",
        target="torch.nn:Linear",
        summary="Every output a weighted sum of all inputs.",
        category="linear",
        aliases=("Linear",),
        example=Example(args=(8, 4), inputs=("f32[2,8]",)),
    ),
    ModuleSpec(
        name="conv2d",
        target="torch.nn:Conv2d",
        summary="A filter slid over images.",
        category="convolution",
        aliases=("Conv2d",),
        example=Example(args=(3, 8, 3), kwargs={"padding": 1}, inputs=("f32[2,3,8,8]",)),
    ),
    ModuleSpec(
        name="max_pool2d",
        target="torch.nn:MaxPool2d",
        summary="The largest value of each window of an image.",
        category="pooling",
        aliases=("MaxPool2d", "maxpool2d"),
        example=Example(args=(2,), inputs=("f32[2,3,8,8]",)),
    ),
    ModuleSpec(
        name="flatten",
        target="torch.nn:Flatten",
        summary="Several dimensions as one; the batch stays.",
        category="shape",
        aliases=("Flatten",),
        example=Example(inputs=("f32[2,3,4]",)),
    ),
    ModuleSpec(
        name="relu",
        target="torch.nn:ReLU",
        summary="max(0, x).",
        category="activation",
        aliases=("ReLU",),
        example=Example(inputs=("f32[2,8]",)),
    ),
    ModuleSpec(
        name="gelu",
        target="torch.nn:GELU",
        summary="x times the normal distribution function of x.",
        category="activation",
        aliases=("GELU",),
        example=Example(inputs=("f32[2,8]",)),
    ),
    ModuleSpec(
        name="layer_norm",
        target="torch.nn:LayerNorm",
        summary="Each sample to mean 0 and variance 1 over its last dimensions.",
        category="normalization",
        aliases=("LayerNorm", "layernorm"),
        example=Example(args=(8,), inputs=("f32[2,8]",)),
    ),
    ModuleSpec(
        name="batch_norm2d",
        target="torch.nn:BatchNorm2d",
        summary="Each channel of images to mean 0 and variance 1 over the batch.",
        category="normalization",
        aliases=("BatchNorm2d", "batchnorm2d"),
        example=Example(args=(3,), inputs=("f32[2,3,4,4]",)),
    ),
    ModuleSpec(
        name="dropout",
        target="torch.nn:Dropout",
        summary="Zero each value with a probability while training.",
        category="dropout",
        aliases=("Dropout",),
        example=Example(args=(0.5,), inputs=("f32[2,8]",)),
    ),
    ModuleSpec(
        name="identity",
        target="torch.nn:Identity",
        summary="What comes in goes out.",
        category="shape",
        aliases=("Identity",),
        example=Example(inputs=("f32[2,8]",)),
    ),
)
