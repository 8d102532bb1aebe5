"""Questions to each element; answers are boolean."""

from __future__ import annotations

from functools import partial

from flodl_core.tensor.ops.row import row

_PAIR = "f32[2,3] f32[2,3]"
_ask = partial(row, category="comparison", differentiable=False)

COMPARISONS = (
    _ask("gt(input, other: Number, /)", _PAIR, "input > other.", "gt_scalar"),
    _ask("ge(input, other: Number, /)", _PAIR, "input >= other.", "ge_scalar"),
    _ask("lt(input, other: Number, /)", _PAIR, "input < other.", "lt_scalar"),
    _ask("le(input, other: Number, /)", _PAIR, "input <= other.", "le_scalar"),
    _ask("eq(input, other: Number, /)", "i64[2,3] i64[2,3]", "input == other.", "eq_tensor", "eq_scalar"),
    _ask("ne(input, other: Number, /)", "i64[2,3] i64[2,3]", "input != other.", "ne_tensor", "ne_scalar"),
    _ask("isnan(input, /)", "f32[2,3]", "Is it not a number?"),
    _ask("isinf(input, /)", "f32[2,3]", "Is it infinite?"),
    _ask("isfinite(input, /)", "f32[2,3]", "Is it a number, and finite?"),
    _ask(
        "isclose(input, other, /, *, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False)",
        _PAIR,
        "Is it nearly the other?",
    ),
    _ask("logical_and(input, other, /)", "bool[2,3] bool[2,3]", "Both."),
    _ask("logical_or(input, other, /)", "bool[2,3] bool[2,3]", "One of both."),
    _ask("logical_not(input, /)", "bool[2,3]", "Not."),
)
