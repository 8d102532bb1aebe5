"""Layers that were made for another size than they are given: what would take it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import Tensor, nn

from flodl_graph.run.shapes import Letters

_PLACES = {"in_features": -1, "input_size": -1, "embed_dim": -1, "num_features": 1, "num_channels": 1}
"""Where in a shape a layer looks for the size that its argument says; convolutions: before the spatial ones."""


def other_size(layer: nn.Module, given: Iterable[Any], letters: Letters) -> str | None:
    """Which argument of a layer would make it take what it is given; None where its size is not what is wrong."""
    shape = next((value.shape for value in given if isinstance(value, Tensor)), None)
    places = {**_PLACES, "in_channels": -1 - len(getattr(layer, "kernel_size", ()))}
    for argument, place in places.items():
        size = getattr(layer, argument, None)
        if shape is None or not isinstance(size, int) or not -len(shape) <= place < len(shape):
            continue
        there = letters.sizes_text(shape[place : place + 1 or None])
        if there.isdigit() and int(there) != size:
            return f"{argument}={there} takes it; it was made for {size}"
    return None


def one_size(given: Iterable[Any], letters: Letters) -> str | None:
    """What would let tensors be joined; None where it is not only their last sizes that differ."""
    shapes = [value.shape for value in given if isinstance(value, Tensor) and value.dim()]
    other = next((shape for shape in shapes[1:] if shape != shapes[0]), None)
    if other is None or other[:-1] != shapes[0][:-1]:
        return None
    there, wanted = letters.sizes_text(other[-1:]), letters.sizes_text(shapes[0][-1:])
    return f"a linear({there}, {wanted}) before it would give the one of {there} the size of the other"
