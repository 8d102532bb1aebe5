"""How every router, selector and halt takes references: added to its stream, in the order of `using`."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor


def with_refs(x: Tensor, refs: Mapping[str, Tensor]) -> Tensor:
    """The stream plus all references, left to right: the same sum in every process. Shapes: all broadcast."""
    for value in refs.values():
        x = x + value
    return x
