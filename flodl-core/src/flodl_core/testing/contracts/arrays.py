"""Tensors as an oracle sees them, and its answer compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from flodl_core.testing.contracts.compare import require_near

TOLERANCE = 1e-9


def as_array(value: Tensor) -> np.ndarray[Any, Any]:
    """A tensor as numpy sees it: float64, int64, bool or complex128."""
    value = value.detach().cpu()
    if value.is_floating_point():
        return value.double().numpy()
    return value.numpy()


def require_as_oracle(oracle: Callable[..., Any], expected: Any, actual: Tensor, what: str) -> None:
    """The component's answer is the oracle's.

    Raises:
        ContractError: It is not.
    """
    tolerance = getattr(oracle, "tolerance", TOLERANCE)
    require_near(torch.as_tensor(np.asarray(expected)), actual, what, tolerance=tolerance)
