"""One function decides what tensors are made of."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from flodl_core.errors import TensorError, did_you_mean

_SHORT = {
    "f64": "float64",
    "f32": "float32",
    "f16": "float16",
    "bf16": "bfloat16",
    "fp64": "float64",
    "fp32": "float32",
    "fp16": "float16",
    "i64": "int64",
    "i32": "int32",
    "i16": "int16",
    "i8": "int8",
    "u8": "uint8",
}

DTYPES: Mapping[str, torch.dtype] = {
    **{name: value for name, value in vars(torch).items() if isinstance(value, torch.dtype)},
    **{short: getattr(torch, name) for short, name in _SHORT.items()},
}
"""Every word for an element type: torch's own, and the short ones (`f32`, `bf16`, `i64`)."""


def pick_dtype(choice: str | torch.dtype) -> torch.dtype:
    """The element type that a user's word means.

    Args:
        choice: torch's name (`"float32"`, `"half"`), a short one (`"f32"`, `"bf16"`, `"i64"`), or the type itself.

    Raises:
        TensorError: There is none of this name in this torch.

    >>> pick_dtype("bf16")
    torch.bfloat16
    """
    if isinstance(choice, torch.dtype):
        return choice
    found = DTYPES.get(str(choice).strip().lower().removeprefix("torch."))
    if found is None:
        mend = did_you_mean(str(choice), DTYPES) or 'use "f32", "bf16", "f16", "f64", "i64" or a torch.dtype'
        raise TensorError(f"{choice!r} is no element type", mend=mend)
    return found
