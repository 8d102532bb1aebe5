"""What a loss is given: shapes that belong together, and numbers wide enough to add up."""

from __future__ import annotations

import torch
from flodl_core import ShapeError
from torch import Tensor


def wide(x: Tensor) -> Tensor:
    """In float32 at least, as autocast has torch's own losses: half precision overflows in sums and in squares."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def check_same(output: Tensor, target: Tensor) -> None:
    """Whether a target has the output's shape.

    Raises:
        ShapeError: It has not.
    """
    if output.shape != target.shape:
        raise ShapeError(
            f"outputs and targets have one shape, got {list(output.shape)} and {list(target.shape)}",
            mend="a loss never broadcasts",
        )


def check_classes(logits: Tensor, target: Tensor, *, mend: str | None = None) -> None:
    """Whether a target has a class for each sample, or each of its pixels.

    Raises:
        ShapeError: It has not.
    """
    due = (*logits.shape[:1], *logits.shape[2:])
    if logits.dim() < 2 or target.shape != due or target.is_floating_point():
        raise ShapeError(
            f"logits [B, C, ...] go with classes i64 [B, ...], got {list(logits.shape)}"
            f" and {str(target.dtype).removeprefix('torch.')} {list(target.shape)}",
            mend=mend,
        )
