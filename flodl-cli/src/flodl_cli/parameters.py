"""A factory's parameters as plain data. Needs its import: the one thing in listing that may bring in torch."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Iterator
from typing import Any

from flodl_core.errors import FlodlError
from flodl_core.provider import Component


def parameters_of(component: Component) -> tuple[list[dict[str, Any]] | None, str | None]:
    """The parameters; or None and the reason why they cannot be read."""
    try:
        signature = _signature(component)
    except FlodlError as error:
        return None, error.what
    return list(_described(signature, implied=component.kind == "optimizer")), None


def _signature(component: Component) -> inspect.Signature:
    """What a user writes: for a word, that is its `from_words`."""
    from_words = getattr(component.load(), "from_words", None) if component.kind == "word" else None
    return inspect.signature(from_words) if from_words else component.signature()


def _described(signature: inspect.Signature, *, implied: bool) -> Iterator[dict[str, Any]]:
    """Each parameter; `implied`: without the first, which the training step gives and not the user."""
    parameters = list(signature.parameters.values())
    for parameter in parameters[1:] if implied else parameters:
        required = parameter.default is parameter.empty and parameter.kind not in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        )
        yield {
            "name": _starred(parameter),
            "type": _type(parameter),
            "default": None if parameter.default is parameter.empty else repr(parameter.default),
            "required": required,
            "keyword_only": parameter.kind is parameter.KEYWORD_ONLY,
        }


def _starred(parameter: inspect.Parameter) -> str:
    if parameter.kind is parameter.VAR_POSITIONAL:
        return f"*{parameter.name}"
    return f"**{parameter.name}" if parameter.kind is parameter.VAR_KEYWORD else parameter.name


def _type(parameter: inspect.Parameter) -> str | None:
    annotation = parameter.annotation
    return None if annotation is parameter.empty else _written(annotation)


def _written(annotation: Any) -> str:
    """A type as a person writes it: `int | tuple[int, int]`, `None`."""
    if isinstance(annotation, str):
        return annotation
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return " | ".join(_written(member) for member in typing.get_args(annotation))
    return "None" if annotation is type(None) else inspect.formatannotation(annotation)
