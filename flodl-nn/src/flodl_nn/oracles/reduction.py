"""From a value for each sample to one number."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]


def reduced(values: Array, reduction: str) -> Array:
    """All of them, their sum, their mean, or their sum over the size of the batch."""
    if reduction == "none":
        return values
    total = np.sum(values)
    return np.asarray(total / {"sum": 1, "mean": values.size, "batchmean": len(values)}[reduction])
