"""From many elements to fewer: along all dimensions, or along those that `dim` says."""

from __future__ import annotations

from functools import partial

from flodl_core.tensor.ops.row import row

op = partial(row, category="reduction")
_X = "f32[3,4]"
_DIM = "dim: Ints = None, keepdim: bool = False"
_ONE = "dim: int, keepdim: bool = False"

REDUCTIONS = (
    op(f"sum(input, /, *, {_DIM})", _X, "Sum.", "sum_dim", "sum_dims", dim=-1),
    op(f"mean(input, /, *, {_DIM})", _X, "Mean.", "mean_dim", dim=-1),
    op("prod(input, /)", _X, "Product of all elements."),
    op(f"prod_dim(input, /, *, {_ONE})", _X, "Product along a dimension.", of="torch.prod", dim=-1),
    op("min(input, /)", _X, "The smallest of all elements."),
    op("max(input, /)", _X, "The largest of all elements."),
    op(f"amin(input, /, *, {_DIM})", _X, "The smallest along dimensions.", "min_dim", dim=-1),
    op(f"amax(input, /, *, {_DIM})", _X, "The largest along dimensions.", "max_dim", dim=-1),
    op(
        "argmin(input, /, *, dim: int | None = None, keepdim: bool = False)",
        _X,
        "Where the smallest is.",
        differentiable=False,
    ),
    op(
        "argmax(input, /, *, dim: int | None = None, keepdim: bool = False)",
        _X,
        "Where the largest is.",
        differentiable=False,
    ),
    op(
        "var(input, /, *, dim: Ints = None, correction: float = 1, keepdim: bool = False)",
        _X,
        "Variance, unbiased.",
        "var_dim",
        dim=-1,
    ),
    op(
        "std(input, /, *, dim: Ints = None, correction: float = 1, keepdim: bool = False)",
        _X,
        "Standard deviation, unbiased.",
        "std_dim",
        dim=-1,
    ),
    op(
        "vector_norm(input, /, *, ord: float = 2, dim: Ints = None, keepdim: bool = False)",
        _X,
        "Length as a vector, by any p.",
        "norm",
        "norm_p",
        of="linalg",
        ord=3,
    ),
    op("median(input, /)", _X, "The median of all elements; of two the lower."),
    op(
        f"median_dim(input, /, *, {_ONE})",
        _X,
        "The median along a dimension, and where it is.",
        of="torch.median",
        outputs="values indices",
        dim=-1,
    ),
    op(
        "logsumexp(input, /, *, dim: Ints, keepdim: bool = False)",
        _X,
        "log of the sum of exp, never too large.",
        dim=-1,
    ),
    op("cumsum(input, /, *, dim: int)", _X, "Running sum.", dim=-1),
    op("cumprod(input, /, *, dim: int)", _X, "Running product.", dim=-1),
    op(
        "count_nonzero(input, /, *, dim: Ints = None)",
        "i64[3,4]",
        "How many elements are not 0.",
        "count_nonzero_dim",
        differentiable=False,
    ),
    op(f"any(input, /, *, {_DIM})", "bool[3,4]", "Is one of them true?", differentiable=False),
    op(f"all(input, /, *, {_DIM})", "bool[3,4]", "Are all of them true?", differentiable=False),
)
