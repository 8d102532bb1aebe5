"""Shapes and orders of dimensions, as modules, for where a flow needs one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

from flodl_core import ComponentError
from torch import Tensor, nn


@final
class Reshape(nn.Module):
    """Another shape of as many values; -1 is what is left.

    Args:
        shape: Of the whole tensor, batch included: `-1, 8, 4` or `(-1, 8, 4)`.

    Raises:
        ComponentError: These are no sizes.

    >>> import torch
    >>> Reshape(-1, 2)(torch.ones(3, 4)).shape
    torch.Size([6, 2])
    """

    def __init__(self, *shape: int | Sequence[int]) -> None:
        super().__init__()
        self.shape = _numbers(shape)
        if not self.shape or any(size < -1 for size in self.shape) or self.shape.count(-1) > 1:
            raise ComponentError(f"a shape is sizes, one of them -1 at most, got {self.shape}", mend="-1, 8, 4")

    def forward(self, x: Tensor) -> Tensor:
        """Reshape."""
        return x.reshape(self.shape)

    def extra_repr(self) -> str:
        """For `print(model)`."""
        return ", ".join(map(str, self.shape))


@final
class Permute(nn.Module):
    """Dimensions in another order.

    Args:
        dims: For each dimension of the result, which of the input it is; all of them, each once.

    Raises:
        ComponentError: These are no such order.

    >>> import torch
    >>> Permute(0, 2, 1)(torch.ones(2, 3, 4)).shape
    torch.Size([2, 4, 3])
    """

    def __init__(self, *dims: int | Sequence[int]) -> None:
        super().__init__()
        self.dims = _numbers(dims)
        count = len(self.dims)
        if not count or sorted(dim + count if dim < 0 else dim for dim in self.dims) != list(range(count)):
            raise ComponentError(f"an order names each dimension once, got {self.dims}", mend="0, 2, 1")

    def forward(self, x: Tensor) -> Tensor:
        """Permute."""
        return x.permute(self.dims)

    def extra_repr(self) -> str:
        """For `print(model)`."""
        return ", ".join(map(str, self.dims))


def _numbers(given: tuple[Any, ...]) -> tuple[int, ...]:
    """Numbers, or one sequence of them."""
    numbers = tuple(number for item in given for number in (item if isinstance(item, list | tuple) else (item,)))
    if not all(isinstance(number, int) and not isinstance(number, bool) for number in numbers):
        raise ComponentError(f"whole numbers are due, got {numbers}")
    return numbers
