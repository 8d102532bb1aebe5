"""Products of tensors of two types: torch refuses them only where there are numbers to multiply."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, final

import torch
from flodl_core import ShapeError
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode, _get_current_dispatch_mode_stack

from flodl_graph.run.shapes import dtype_text

_aten = torch.ops.aten
_PRODUCTS = frozenset(
    {_aten.mm, _aten.addmm, _aten.bmm, _aten.baddbmm, _aten.mv, _aten.addmv, _aten.dot, _aten.linear, _aten.convolution}
)


@final
class OneType(TorchDispatchMode):
    """While it is entered, a product of two types is refused, as it is of real tensors on every device."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.asleep = False

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        """Look, and go on.

        Raises:
            ShapeError: Of two types.
        """
        if not self.asleep and func.overloadpacket in _PRODUCTS:
            factors = [arg.dtype for arg in args if isinstance(arg, Tensor)]
            weight = factors[1] if func.overloadpacket in (_aten.linear, _aten.convolution) else factors[-1]
            other = next((dtype for dtype in factors if dtype != weight), weight)
            if other != weight:
                raise _unlike(other, weight)
        return func(*args, **(kwargs or {}))


@contextmanager
def any_types() -> Iterator[None]:
    """A block in which products of two types pass: types are still being found."""
    modes = [mode for mode in _get_current_dispatch_mode_stack() if isinstance(mode, OneType) and not mode.asleep]
    for mode in modes:
        mode.asleep = True
    try:
        yield
    finally:
        for mode in modes:
            mode.asleep = False


def _unlike(given: torch.dtype, weight: torch.dtype) -> ShapeError:
    mend = f"make {dtype_text(weight)} of it" if weight.is_floating_point else "give both one type"
    indices = "" if given.is_floating_point else ", or look indices up in an embedding"
    return ShapeError(f"{dtype_text(given)} cannot be multiplied by {dtype_text(weight)}", mend=mend + indices)
