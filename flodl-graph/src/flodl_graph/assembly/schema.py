"""What a word takes: the signature of its node's `from_words`, and which kind of thing each parameter is."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any, final, get_args, get_origin

from attrs import frozen
from flodl_core.binding import signature_of
from torch import nn

from flodl_graph.ir.node import AbstractNode


@final
@frozen
class Due:
    """What stands where a parameter is.

    Args:
        kind: The kind of component it takes, or references to it; None: plain values.
        several: Whether it takes a list of them.
    """

    kind: str | None = None
    several: bool = False


@cache
def schema(node: type[AbstractNode]) -> inspect.Signature:
    """The parameters of a word."""
    return signature_of(node.from_words)


@cache
def dues(node: type[AbstractNode]) -> dict[str, Due]:
    """What each parameter of a word takes, by its annotation: `Part`, `Sequence[Part]`, `Part | None`, `MergeOp`."""
    return {name: _due(parameter.annotation) for name, parameter in schema(node).parameters.items()}


def _due(annotation: Any) -> Due:
    if get_origin(annotation) is Annotated:
        return Due(str(annotation.__metadata__[0]))
    if inspect.isclass(annotation) and issubclass(annotation, nn.Module):
        return Due("module")
    inner = next((found for member in get_args(annotation) if (found := _due(member)).kind), Due())
    listed = get_origin(annotation) in (Sequence, list, tuple)
    return Due(inner.kind, several=inner.several or listed) if inner.kind else Due()
