"""Arithmetic, and functions of each element."""

from __future__ import annotations

from functools import partial

from flodl_core.tensor.ops.row import row

_X, _PAIR = "f32[2,3]", "f32[2,3] f32[2,3]"
_POSITIVE, _UNIT = "f32[2,3]:1..3", "f32[2,3]:0..1"

op = partial(row, category="arithmetic")
ARITHMETIC = (
    op("add(input, other: Number, /, *, alpha: float = 1)", _PAIR, "input + alpha * other.", "add_scalar"),
    op("sub(input, other: Number, /, *, alpha: float = 1)", _PAIR, "input - alpha * other."),
    op("mul(input, other: Number, /)", _PAIR, "input * other.", "mul_scalar"),
    op(
        "div(input, other: Number, /, *, rounding_mode: str | None = None)",
        "f32[2,3] f32[2,3]:1..3",
        "input / other.",
        "div_scalar",
    ),
    op("neg(input, /)", _X, "-input."),
    op("pow(input, exponent: Number, /)", _POSITIVE, "input to the power of exponent.", "pow_scalar", exponent=2.5),
    op(
        "fmod(input, other: Number, /)",
        _POSITIVE,
        "Remainder with the sign of input.",
        "fmod_tensor",
        other=0.7,
    ),
    op(
        "remainder(input, other: Number, /)",
        _POSITIVE,
        "Remainder with the sign of other.",
        "remainder_tensor",
        other=0.7,
    ),
    op("lerp(input, end, weight: Number, /)", _PAIR, "Part of the way from input to end.", "lerp_tensor", weight=0.3),
    op(
        "addmm(input, mat1, mat2, /, *, beta: float = 1, alpha: float = 1)",
        "f32[2,4] f32[2,3] f32[3,4]",
        "beta * input + alpha * (mat1 @ mat2).",
    ),
    op(
        "addcmul(input, tensor1, tensor2, /, *, value: float = 1)",
        f"{_X} {_PAIR}",
        "input + value * tensor1 * tensor2.",
    ),
    op(
        "addcdiv(input, tensor1, tensor2, /, *, value: float = 1)",
        f"{_PAIR} {_POSITIVE}",
        "input + value * tensor1 / tensor2.",
    ),
    op("maximum(input, other, /)", _PAIR, "The larger of two, element by element."),
    op("minimum(input, other, /)", _PAIR, "The smaller of two, element by element."),
    op("atan2(input, other, /)", _PAIR, "Angle of the point (other, input)."),
)

op = partial(row, category="function")
FUNCTIONS = (
    op("exp(input, /)", _X, "e to the power of x."),
    op("expm1(input, /)", _X, "exp(x) - 1, exact near 0."),
    op("log(input, /)", _POSITIVE, "Natural logarithm."),
    op("log1p(input, /)", _POSITIVE, "log(1 + x), exact near 0."),
    op("log2(input, /)", _POSITIVE, "Logarithm to base 2."),
    op("log10(input, /)", _POSITIVE, "Logarithm to base 10."),
    op("sqrt(input, /)", _POSITIVE, "Square root."),
    op("rsqrt(input, /)", _POSITIVE, "1 over the square root."),
    op("square(input, /)", _X, "x * x."),
    op("abs(input, /)", _X, "Magnitude."),
    op("sign(input, /)", _X, "-1, 0 or 1."),
    op("floor(input, /)", _X, "The whole number below."),
    op("ceil(input, /)", _X, "The whole number above."),
    op("round(input, /, *, decimals: int = 0)", _X, "The nearest whole number."),
    op("trunc(input, /)", _X, "The whole number toward 0."),
    op("frac(input, /)", _X, "What trunc leaves out."),
    op("reciprocal(input, /)", _POSITIVE, "1 / x."),
    op("sin(input, /)", _X, "Sine."),
    op("cos(input, /)", _X, "Cosine."),
    op("tan(input, /)", _UNIT, "Tangent."),
    op("asin(input, /)", _UNIT, "The angle of a sine."),
    op("acos(input, /)", _UNIT, "The angle of a cosine."),
    op("atan(input, /)", _X, "The angle of a tangent."),
    op("erf(input, /)", _X, "Error function."),
    op("erfc(input, /)", _X, "1 - erf(x)."),
    op(
        "clamp(input, /, *, min: float | None = None, max: float | None = None)",
        _X,
        "x kept between two bounds.",
        min=-0.5,
        max=0.5,
    ),
    op("clamp_min(input, /, *, min: float)", _X, "x kept above a bound.", min=-0.5),
    op("clamp_max(input, /, *, max: float)", _X, "x kept below a bound.", max=0.5),
    op("to(input, /, *, dtype: Dtype)", _X, "Elements of another type.", "to_dtype", of="Tensor", dtype="f64"),
)
