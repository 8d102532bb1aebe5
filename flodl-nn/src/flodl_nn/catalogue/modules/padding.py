"""Borders: constant, mirrored, repeated, wrapped round."""

from __future__ import annotations

from flodl_nn.catalogue.entry import ex, module

_PADDING = "padding"
_FEEDS = {1: "f32[2,3,8]", 2: "f32[2,3,6,6]", 3: "f32[2,3,4,4,4]"}
_THINGS = {1: "sequences", 2: "images", 3: "volumes"}
_KINDS = (
    ("zero_pad", "ZeroPad", "A border of zeros around {}.", ()),
    ("constant_pad", "ConstantPad", "A border of one value around {}.", (0.5,)),
    ("reflection_pad", "ReflectionPad", "A border that mirrors {}, without the edge itself.", ()),
    ("replication_pad", "ReplicationPad", "A border that repeats the edge of {}.", ()),
    ("circular_pad", "CircularPad", "A border taken from the other side of {}.", ()),
)

PADDINGS = tuple(
    module(
        f"{name}{size}d",
        f"{spelling}{size}d",
        summary.format(_THINGS[size]),
        _PADDING,
        ex(1, *more, feed=_FEEDS[size]),
    )
    for name, spelling, summary, more in _KINDS
    for size in (1, 2, 3)
)
