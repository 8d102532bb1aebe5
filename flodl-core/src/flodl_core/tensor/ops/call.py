"""A row's call, read: which tensors the function takes, and which options."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any, final

import torch
from attrs import frozen
from torch import Tensor

_SCOPE: dict[str, Any] = {
    "Number": Tensor | float | None,
    "Ints": int | tuple[int, ...] | None,
    "Sizes": tuple[int, ...],
    "Dtype": str | torch.dtype,
    "hx": "hx",
}
"""Words for annotations; a string is the name of the parameter that takes several tensors as one."""


@final
@frozen
class Taken:
    """A tensor that a function takes.

    Args:
        into: The function's parameter that it goes to, alone or with others.
        starred: Whether any number may stand here.
        required: Whether the function needs it.
        number: Whether it may be a number, given beforehand.
    """

    name: str
    into: str
    starred: bool
    required: bool
    number: bool


@final
@frozen(eq=False)
class Call:
    """The tensors and the options of a function, in order."""

    tensors: tuple[Taken, ...]
    options: inspect.Signature


@cache
def read_call(text: str) -> Call:
    """Read a row's call.

    >>> read_call("softmax(input, /, *, dim: int)").options
    <Signature (dim: int)>
    """
    signature = _signature(text)
    parameters = signature.parameters.values()
    tensors = tuple(_taken(p) for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.VAR_POSITIONAL))
    plain = [p for p in parameters if p.kind is p.KEYWORD_ONLY]
    numbers = [p.replace(default=None) for p in parameters if p.annotation is _SCOPE["Number"]]
    options = [p.replace(kind=p.POSITIONAL_OR_KEYWORD) for p in sorted([*numbers, *plain], key=_has_default)]
    return Call(tensors, inspect.Signature(options))


def _signature(text: str) -> inspect.Signature:
    made: dict[str, Any] = {}
    code = compile(f"def {text}: ...", "<op table>", "exec", dont_inherit=True)  # annotations as objects, not text
    exec(code, dict(_SCOPE), made)  # noqa: S102 - a constant of the table
    (function,) = made.values()
    return inspect.signature(function)


def _taken(parameter: inspect.Parameter) -> Taken:
    into = parameter.annotation if isinstance(parameter.annotation, str) else parameter.name
    return Taken(
        parameter.name,
        into,
        starred=parameter.kind is parameter.VAR_POSITIONAL,
        required=parameter.default is parameter.empty,
        number=parameter.annotation is _SCOPE["Number"],
    )


def _has_default(parameter: inspect.Parameter) -> bool:
    return parameter.default is not parameter.empty
