"""An op with its options bound: a function of tensors that prints, copies and pickles."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any, final

import torch

from flodl_core.errors import TensorError
from flodl_core.tensor.dtype import pick_dtype
from flodl_core.tensor.ops.call import Call, Taken, read_call
from flodl_core.tensor.ops.row import Row
from flodl_core.tensor.ops.table import TABLE


@final
class Op:
    """`softmax(dim=-1)`: torch's function, called with tensors alone.

    Args:
        row: What the function is, and how it is called.
        options: What is bound.
    """

    def __init__(self, row: Row, options: Mapping[str, Any]) -> None:
        call = read_call(row.call)
        self._row, self._options = row, dict(options)
        self._call = Call(tuple(t for t in call.tensors if t.name not in options), call.options)
        self._function = function_of(row)
        self._bound = {name: _as_torch(call, name, value) for name, value in options.items()}
        self._names = tuple(taken.into for taken in self._call.tensors)
        self._absent = {t.into: None for t in self._call.tensors if not t.required}
        self._plain = len(set(self._names)) == len(self._names) and not any(t.starred for t in self._call.tensors)
        self.__name__ = row.spec.name
        self.__signature__ = inspect.Signature([_parameter(taken) for taken in self._call.tensors])

    def __call__(self, *tensors: Any, **named: Any) -> Any:
        """Call torch's function: tensors in order, or by name.

        Raises:
            TensorError: There are more than it takes.
        """
        if not self._plain:
            return self._gathered(tensors, named)
        if len(tensors) > len(self._names):
            raise self._too_many(len(tensors))
        rest = dict(zip(self._names[1:], tensors[1:], strict=False))
        return self._function(*tensors[:1], **{**self._absent, **rest, **named, **self._bound})

    def __repr__(self) -> str:
        said = ", ".join(f"{name}={value!r}" for name, value in self._options.items())
        return f"{self.__name__}({said})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.__name__, self._options)

    def _gathered(self, tensors: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
        """Tensors that the function takes several of as one tuple; given by name, they follow the others."""
        starred = bool(self._call.tensors) and self._call.tensors[-1].starred
        fixed = self._call.tensors[:-1] if starred else self._call.tensors
        if not starred and len(tensors) > len(fixed):
            raise self._too_many(len(tensors))
        given = {**{t.name: value for t, value in zip(fixed, tensors, strict=False)}, **named}
        arguments: dict[str, Any] = dict(self._absent)
        for taken in fixed:
            if taken.name in given:
                alone = self._names.count(taken.into) == 1
                held = given.pop(taken.name)
                arguments[taken.into] = held if alone else (*arguments.get(taken.into, ()), held)
        if starred:
            arguments[self._names[-1]] = (*tensors[len(fixed) :], *given.values())
        return self._function(arguments.pop(self._names[0]), **arguments, **self._bound)

    def _too_many(self, count: int) -> TensorError:
        names = ", ".join(taken.name for taken in self._call.tensors)
        return TensorError(f"{self!r} takes {names}, got {count} tensors")


def function_of(row: Row) -> Callable[..., Any]:
    """The function of torch that a row is about."""
    module, _, attribute = row.function.partition(":")
    found: Any = importlib.import_module(module)
    for part in attribute.split("."):
        found = getattr(found, part)
    return found  # type: ignore[no-any-return]


def _as_torch(call: Call, name: str, value: Any) -> Any:
    """An option as the function takes it: an element type may be said as a word."""
    named_type = call.options.parameters[name].annotation == str | torch.dtype
    return pick_dtype(value) if named_type else value


def _parameter(taken: Taken) -> inspect.Parameter:
    kind = inspect.Parameter.VAR_POSITIONAL if taken.starred else inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Parameter(taken.name, kind, default=inspect.Parameter.empty if taken.required else None)


def _again(name: str, options: Mapping[str, Any]) -> Op:
    return Op(TABLE[name], options)
