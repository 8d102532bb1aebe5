"""The same elements in another shape, and tensors joined and cut."""

from __future__ import annotations

from functools import partial

from flodl_core.tensor.ops.row import row

op = partial(row, category="shape")
_X, _IMAGE = "f32[2,3,4]", "f32[1,2,4,4]"

SHAPES = (
    op("reshape(input, /, *, shape: Ints)", _X, "Another shape, as many elements.", shape=(6, 4)),
    op("transpose(input, /, *, dim0: int, dim1: int)", _X, "Two dimensions exchanged.", dim0=0, dim1=2),
    op("permute(input, /, *, dims: Ints)", _X, "Dimensions in another order.", dims=(2, 0, 1)),
    op("movedim(input, /, *, source: Ints, destination: Ints)", _X, "A dimension moved.", source=0, destination=2),
    op("expand(input, /, *, size: Ints)", "f32[1,3]", "Dimensions of 1 repeated, no copy.", of="Tensor", size=(4, 3)),
    op("repeat(input, /, *, repeats: Ints)", _X, "Several times along each dimension.", of="Tensor", repeats=(1, 2, 1)),
    op("tile(input, /, *, dims: Ints)", _X, "Several times, as numpy's tile.", dims=(2, 1)),
    op(
        "narrow(input, /, *, dim: int, start: int, length: int)",
        _X,
        "A stretch of one dimension.",
        dim=1,
        start=1,
        length=2,
    ),
    op("select(input, /, *, dim: int, index: int)", _X, "One slice, without its dimension.", dim=1, index=1),
    op("squeeze(input, /, *, dim: Ints = None)", "f32[2,1,3]", "Without dimensions of 1.", dim=1),
    op("unsqueeze(input, /, *, dim: int)", _X, "A new dimension of 1.", dim=1),
    op("flatten(input, /, *, start_dim: int = 0, end_dim: int = -1)", _X, "Several dimensions as one.", start_dim=1),
    op("contiguous(input, /)", _X, "In one piece of memory.", of="Tensor"),
    op("flip(input, /, *, dims: Ints)", _X, "Backward.", dims=(1,)),
    op("roll(input, /, *, shifts: Ints, dims: Ints = None)", _X, "Shifted in a circle.", shifts=1, dims=1),
    op(
        "diagonal(input, /, *, offset: int = 0, dim1: int = 0, dim2: int = 1)",
        "f32[3,4]",
        "The elements of a diagonal.",
    ),
    op(
        "pad(input, /, *, pad: Ints, mode: str = 'constant', value: float | None = None)",
        _IMAGE,
        "More elements at the edges: constant, reflect, replicate, circular.",
        "pad_mode",
        of="F",
        pad=(1, 1, 1, 1),
        mode="reflect",
    ),
    op("cat(*tensors, dim: int = 0)", f"{_X} {_X}", "One after another along a dimension.", "cat_many", dim=1),
    op("stack(*tensors, dim: int = 0)", f"{_X} {_X}", "Along a new dimension.", dim=1),
    op("meshgrid(*tensors, indexing: str)", "f32[2] f32[3]", "Coordinates of a grid.", indexing="ij"),
    op(
        "split(input, /, *, split_size_or_sections: Ints, dim: int = 0)",
        _X,
        "In pieces of a size.",
        "batches",
        split_size_or_sections=1,
    ),
    op("chunk(input, /, *, chunks: int, dim: int = 0)", _X, "In so many pieces.", chunks=2, dim=-1),
    op("unbind(input, /, *, dim: int = 0)", _X, "Each slice for itself."),
)
