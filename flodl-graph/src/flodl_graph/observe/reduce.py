"""Values of any shape as one number."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from flodl_core import TrainingError
from flodl_core.errors import did_you_mean
from torch import Tensor

_REDUCTIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "mean": torch.mean,
    "sum": torch.sum,
    "max": torch.amax,
    "min": torch.amin,
    "norm": torch.linalg.vector_norm,
}


def reduced(tag: str, value: object, reduction: str | None) -> Tensor:
    """One number from a tagged value, on its device.

    Raises:
        TrainingError: It holds several and nobody said how to reduce them; it holds none, or is no tensor.
    """
    if reduction is not None and reduction not in _REDUCTIONS:
        mend = did_you_mean(reduction, _REDUCTIONS) or f"reduce: {', '.join(_REDUCTIONS)}"
        raise TrainingError(f"collect() knows no reduction {reduction!r}", mend=mend)
    if not isinstance(value, Tensor):
        raise TrainingError(f"tag {tag!r} is a {type(value).__name__}, and collect() takes tensors")
    if value.numel() == 1:
        return value.detach().reshape(())
    if value.numel() == 0:
        raise TrainingError(f"tag {tag!r} is empty: its shape is {list(value.shape)}")
    if reduction is None:
        raise TrainingError(
            f"tag {tag!r} has shape {list(value.shape)}, which is not one number",
            mend='collect(..., reduce="mean"), or sum, max, min, norm',
        )
    wide = value.detach() if value.is_floating_point() else value.detach().float()
    return _REDUCTIONS[reduction](wide)
