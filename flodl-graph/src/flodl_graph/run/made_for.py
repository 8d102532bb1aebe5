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
