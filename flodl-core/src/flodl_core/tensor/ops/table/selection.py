"""Elements chosen by masks, by indices, by order."""

from __future__ import annotations

from functools import partial

from flodl_core.tensor.ops.row import row

op = partial(row, category="selection")
_X = "f32[3,4]"

SELECTIONS = (
    op("masked_fill(input, mask, value: Number, /)", f"{_X} bool[3,4]", "A value where the mask is true.", value=-1.0),
    op(
        "where(condition, input: Number, other: Number, /)",
        f"bool[3,4] {_X} {_X}",
        "One where a condition holds, the other elsewhere.",
        "where_cond",
    ),
    op("index_select(input, index, /, *, dim: int)", f"{_X} i64[2]:0..2", "Rows by their numbers.", dim=0),
    op(
        "index_add(input, index, source, /, *, dim: int, alpha: float = 1)",
        f"{_X} i64[2]:0..2 f32[2,4]",
        "Rows added where numbers say.",
        dim=0,
    ),
    op("gather(input, index, /, *, dim: int)", f"{_X} i64[3,2]:0..3", "Elements by their place along dim.", dim=1),
    op(
        "scatter(input, index, src, /, *, dim: int)",
        f"{_X} i64[1,4]:0..2 f32[1,4]",
        "Elements put to their place along dim.",
        dim=0,
    ),
    op(
        "scatter_add(input, index, src, /, *, dim: int)",
        f"{_X} i64[2,4]:0..2 f32[2,4]",
        "Elements added at their place along dim.",
        dim=0,
    ),
    op("select_scatter(input, src, /, *, dim: int, index: int)", f"{_X} f32[4]", "One slice put in.", dim=0, index=1),
    op(
        "slice_scatter(input, src, /, *, dim: int = 0, start: int | None = None, end: int | None = None,"
        " step: int = 1)",
        f"{_X} f32[2,4]",
        "Several slices put in.",
        "narrow_scatter",
        start=1,
        end=3,
    ),
    op("nonzero(input, /)", "i64[3,4]", "Places of the elements that are not 0.", differentiable=False),
    op(
        "unique(input, /, *, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False,"
        " dim: int | None = None)",
        "i64[6]:0..3",
        "Each value once.",
        differentiable=False,
    ),
    op(
        "searchsorted(sorted_sequence, input, /, *, right: bool = False)",
        "i64[1]:3..3 i64[4]:0..6",
        "Where values belong in a sorted sequence.",
        differentiable=False,
    ),
    op(
        "topk(input, /, *, k: int, dim: int = -1, largest: bool = True, sorted: bool = True)",
        _X,
        "The largest, and where they are.",
        outputs="values indices",
        k=2,
    ),
    op(
        "sort(input, /, *, dim: int = -1, descending: bool = False)",
        _X,
        "In order, and where each was.",
        outputs="values indices",
    ),
    op(
        "argsort(input, /, *, dim: int = -1, descending: bool = False)",
        _X,
        "Where each was that belongs here.",
        differentiable=False,
    ),
    op(
        "multinomial(input, /, *, num_samples: int, replacement: bool = False)",
        "f32[3,4]:1..3",
        "Numbers drawn by their weights.",
        differentiable=False,
        num_samples=2,
    ),
)
