"""Shapes and orders of dimensions, as modules, for where a flow needs one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from torch import Tensor, nn


@final
class Reshape(nn.Module):
    """Another shape of as many values; -1 is what is left.

    Args:
        shape: Of the whole tensor, batch included: `-1, 8, 4` or `(-1, 8, 4)`.

    >>> import torch
    >>> Reshape(-1, 2)(torch.ones(3, 4)).shape
    torch.Size([6, 2])
    """

    def __init__(self, *shape: int | Sequence[int]) -> None:
        super().__init__()
        self.shape = _numbers(shape)

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
        dims: For each dimension of the result, which of the input it is.

    >>> import torch
    >>> Permute(0, 2, 1)(torch.ones(2, 3, 4)).shape
    torch.Size([2, 4, 3])
    """

    def __init__(self, *dims: int | Sequence[int]) -> None:
        super().__init__()
        self.dims = _numbers(dims)

    def forward(self, x: Tensor) -> Tensor:
        """Permute."""
        return x.permute(self.dims)

    def extra_repr(self) -> str:
        """For `print(model)`."""
        return ", ".join(map(str, self.dims))


def _numbers(given: tuple[int | Sequence[int], ...]) -> tuple[int, ...]:
    """Numbers, or one sequence of them."""
    return tuple(number for item in given for number in ((item,) if isinstance(item, int) else item))
