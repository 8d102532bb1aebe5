"""Values of any nesting, compared: the same, near, or told where they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from attrs import has
from torch import Tensor

from flodl_core.errors import ContractError
from flodl_core.testing.contracts.promise import require


def tensors_of(value: Any) -> Iterator[Tensor]:
    """The tensors within tuples, lists and mappings, in order."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        yield from (tensor for item in value.values() for tensor in tensors_of(item))
    elif isinstance(value, tuple | list):
        yield from (tensor for item in value for tensor in tensors_of(item))
    elif has(type(value)):
        yield from (tensor for name in value.__slots__ for tensor in tensors_of(getattr(value, name, None)))


def require_near(expected: Any, actual: Any, what: str, *, tolerance: float = 1e-6) -> None:
    """All tensors equal, NaN to NaN, within a tolerance relative to `1 + |value|`.

    Raises:
        ContractError: They are not; with the place, and both numbers.
    """
    first, second = list(tensors_of(expected)), list(tensors_of(actual))
    require(len(first) == len(second), f"{what}: {len(second)} tensors instead of {len(first)}")
    for number, (left, right) in enumerate(zip(first, second, strict=True)):
        name = what if len(first) == 1 else f"{what}, tensor {number}"
        require(left.shape == right.shape, f"{name}: shape {list(right.shape)} instead of {list(left.shape)}")
        _require_elements(left, right, name, tolerance)


def require_same(expected: Any, actual: Any, what: str) -> None:
    """All tensors equal: to the bit on the CPU; nearly so on a GPU, whose sums come in no fixed order.

    Raises:
        ContractError: They are not.
    """
    somewhere = any(value.device.type == "cuda" for value in tensors_of([expected, actual]))
    require_near(expected, actual, what, tolerance=1e-6 if somewhere else 0.0)


def _require_elements(expected: Tensor, actual: Tensor, name: str, tolerance: float) -> None:
    wide = torch.complex128 if expected.is_complex() else torch.float64
    left, right = (value.detach().cpu().to_dense().to(wide) for value in (expected, actual))
    same = (left == right) | (left.isnan() & right.isnan())
    distance = torch.where(same, 0.0, (left - right).abs() / (1.0 + left.abs()))
    wrong = ~(distance <= tolerance)
    if bool(wrong.any()):
        flat = int(torch.where(wrong.isnan() | distance.isnan(), torch.inf, distance).argmax())
        index = [int(i) for i in torch.unravel_index(torch.tensor(flat), left.shape)]
        found, due = right.flatten()[flat].item(), left.flatten()[flat].item()
        raise ContractError(f"{name}{index or ''}: {found:.9g} instead of {due:.9g}")
