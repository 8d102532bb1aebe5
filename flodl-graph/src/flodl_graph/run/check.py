"""Do the shapes fit? Run a graph on tensors without data, and name the node where they do not."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any

import torch
from flodl_core import ShapeError
from torch import Tensor, nn
from torch._subclasses.fake_tensor import DataDependentOutputException as DataDependent
from torch._subclasses.fake_tensor import DynamicOutputShapeException, UnsupportedFakeTensorException

from flodl_graph.run.fake import fake_call, fake_mode
from flodl_graph.run.misfit import misfit_at, place_of, said
from flodl_graph.run.products import OneType
from flodl_graph.run.shapes import Letters

_DATA_DECIDES = (DataDependent, DynamicOutputShapeException, UnsupportedFakeTensorException)


def check_shapes(
    graph: nn.Module,
    examples: tuple[str | Tensor, ...],
    named: Mapping[str, str | Tensor | None],
    device: torch.device,
    letters: Letters | None = None,
) -> str | None:
    """Run shapes through a graph. Computes nothing and changes nothing.

    Args:
        graph: Is called as it stands, training mode included.
        examples: Its positional inputs, as `"f32[B,3]"` or as tensors.
        named: Its further inputs, likewise; None: not known.
        device: Where the graph's parameters are.
        letters: Learns what `B` and others stand for.

    Returns:
        The output's shape, `"f32[B,10]"`; None where it depends on data, or on an input that is not known.

    Raises:
        ShapeError: At the first node where shapes do not fit, with its name, line and shapes.
    """
    letters = Letters() if letters is None else letters
    given = (*examples, *named.values())
    tensors = chain(graph.parameters(), graph.buffers(), (value for value in given if isinstance(value, Tensor)))
    letters.keep_clear_of(tensors, (value for value in given if isinstance(value, str)))
    with fake_mode(given):  # a batch of pictures would take memory
        inputs = tuple(_tensor(letters, example, device) for example in examples)
        words = {name: None if each is None else _tensor(letters, each, device) for name, each in named.items()}
    try:
        with OneType():
            output = fake_call(graph, inputs, words)
    except _DATA_DECIDES:
        return None
    except Exception as error:
        if (misfit := _misfit(error, letters)) is None:
            return None
        raise misfit from error
    return letters.text(output) if isinstance(output, Tensor) else None


def _tensor(letters: Letters, example: Any, device: torch.device) -> Tensor:
    if isinstance(example, Tensor):
        return example
    if not isinstance(example, str):
        raise ShapeError(f"an example is a shape or a tensor, got {example!r}", mend='"f32[B,3]"')
    return letters.tensor(example, device)


def _misfit(error: Exception, letters: Letters) -> ShapeError | None:
    """The error at the innermost node of ours, with what that node was given; None if that was not all known."""
    told = error.__cause__ if isinstance(error, ShapeError) else None  # by the graph's own call, of nothing but None
    place = place_of(error) or (place_of(told) if isinstance(told, Exception) else None)
    if place is None:
        return ShapeError(f"the graph cannot be called so: {said(error, letters)}")
    return None if any(value is None for value in place.values) else misfit_at(place, error, letters)
