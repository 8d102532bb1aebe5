"""Pooling and sampling of sequences and images, bags of embeddings, dropout."""

from __future__ import annotations

from functools import partial

from flodl_core.tensor.ops.row import row

op = partial(row, category="pooling")
_WINDOW = "kernel_size: Ints, stride: Ints = None, padding: Ints = 0"
_MAX = f"{_WINDOW}, dilation: Ints = 1, ceil_mode: bool = False"
_MEAN = f"{_WINDOW}, ceil_mode: bool = False, count_include_pad: bool = True"
_SEQUENCE, _IMAGE = "f32[2,3,6]", "f32[1,2,4,4]"

POOLING = (
    op(f"max_pool1d(input, /, *, {_MAX})", _SEQUENCE, "The largest of each window.", of="F", kernel_size=2),
    op(f"max_pool2d(input, /, *, {_MAX})", _IMAGE, "The largest of each window.", of="F", kernel_size=2),
    op(f"avg_pool1d(input, /, *, {_MEAN})", _SEQUENCE, "The mean of each window.", of="F", kernel_size=2),
    op(f"avg_pool2d(input, /, *, {_MEAN})", _IMAGE, "The mean of each window.", of="F", kernel_size=2),
    op(
        "adaptive_avg_pool2d(input, /, *, output_size: Ints)",
        _IMAGE,
        "Means, as many windows as asked for.",
        of="F",
        output_size=2,
    ),
    op(
        "adaptive_max_pool2d(input, /, *, output_size: Ints)",
        _IMAGE,
        "The largest, as many windows as asked for.",
        of="F",
        output_size=2,
    ),
    op(
        "grid_sample(input, grid, /, *, mode: str = 'bilinear', padding_mode: str = 'zeros', align_corners: bool)",
        f"{_IMAGE} f32[1,3,3,2]:-1..1",
        "Pixels at the points of a grid.",
        of="F",
        align_corners=False,
    ),
    op(
        "interpolate(input, /, *, size: Ints = None, scale_factor: float | None = None, mode: str = 'nearest',"
        " align_corners: bool | None = None)",
        _IMAGE,
        "Another resolution.",
        of="F",
        size=(6, 6),
        mode="bilinear",
    ),
    op("pixel_shuffle(input, /, *, upscale_factor: int)", "f32[1,4,2,2]", "Channels to pixels.", upscale_factor=2),
    op("pixel_unshuffle(input, /, *, downscale_factor: int)", _IMAGE, "Pixels to channels.", downscale_factor=2),
    op(
        "embedding_bag(input, weight, offsets=None, /, *, mode: str = 'mean')",
        "i64[2,3]:0..4 f32[5,4]",
        "Sums, means or the largest of embeddings.",
        of="F",
    ),
    op(
        "dropout(input, /, *, p: float = 0.5, training: bool = True)",
        "f32[4,8]",
        "Some elements 0, in evaluation too: the module knows the mode.",
        of="F",
    ),
    op(
        "feature_dropout(input, /, *, p: float, train: bool)",
        "f32[4,8,3]",
        "Some channels 0, in evaluation too: the module knows the mode.",
        p=0.5,
        train=True,
    ),
)
