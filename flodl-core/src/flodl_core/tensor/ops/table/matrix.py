"""Matrices, and distances of vectors."""

from __future__ import annotations

from functools import partial

from flodl_core.tensor.ops.row import row

op = partial(row, category="matrix")
_SQUARE = "f32[3,4]"

MATRICES = (
    op("matmul(input, other, /)", "f32[2,3] f32[3,4]", "Matrix product."),
    op("triu(input, /, *, diagonal: int = 0)", _SQUARE, "The upper triangle, 0 below."),
    op("tril(input, /, *, diagonal: int = 0)", _SQUARE, "The lower triangle, 0 above."),
    op(
        "normalize(input, /, *, p: float = 2.0, dim: int = 1, eps: float = 1e-12)",
        _SQUARE,
        "To length 1.",
        of="F",
    ),
    op(
        "cosine_similarity(x1, x2, /, *, dim: int = 1, eps: float = 1e-08)",
        f"{_SQUARE} {_SQUARE}",
        "Cosine of the angle between two.",
    ),
    op("cdist(x1, x2, /, *, p: float = 2.0)", "f32[2,3] f32[4,3]", "Distance of each to each.", "cdist_p"),
)
