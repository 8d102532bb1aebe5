"""What the live modules of words share: a part that may be a plain function, held as a module."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial, wraps
from types import FunctionType
from typing import Any, TypeVar, final
from weakref import WeakKeyDictionary

from flodl_core.tensor.ops.function import Op
from torch import nn

from flodl_graph.ir.node import Part

T = TypeVar("T")


@final
class Function(nn.Module):
    """A plain function as a module, so that a graph can hold it."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *streams: Any, **refs: Any) -> Any:
        """Call it."""
        return self.function(*streams, **refs)

    def extra_repr(self) -> str:
        """Shown by `print(model)`."""
        return _spoken(self.function)

    def __repr__(self) -> str:
        return self.extra_repr() if isinstance(self.function, Op) else super().__repr__()


def as_module(part: Part) -> nn.Module:
    """A part as something that a module can hold."""
    return part if isinstance(part, nn.Module) else Function(part)


def as_modules(parts: Sequence[Part]) -> nn.ModuleList:
    """Several parts, held in order: each a submodule by its number, `experts.0`."""
    return nn.ModuleList(as_module(part) for part in parts)


def once_a_forward(look: Callable[[Part], T]) -> Callable[[Part], T]:
    """What a module's `forward` says of itself, as by its signature, is read once for each forward, not each module."""
    known: WeakKeyDictionary[FunctionType, T] = WeakKeyDictionary()

    @wraps(look)
    def found(part: Part) -> T:
        function = getattr(part.forward, "__func__", None) if isinstance(part, nn.Module) else None
        if not isinstance(function, FunctionType):  # no module, or one whose forward is no method
            return look(part)
        if function not in known:
            known[function] = look(part)
        return known[function]

    return found


@once_a_forward
def taken_by_name(part: Part) -> frozenset[str]:
    """The arguments that a part knows by name; none when it cannot be asked."""
    try:
        parameters = inspect.signature(part.forward if isinstance(part, nn.Module) else part).parameters.values()
    except (ValueError, TypeError):
        return frozenset()
    return frozenset(p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY))


def name_of(function: Callable[..., Any]) -> str:
    """What a function is called; one with bound arguments like the function itself, an object like its class.

    >>> name_of(partial(max, default=0)), name_of(len)
    ('max', 'len')
    """
    while isinstance(function, partial):
        function = function.func
    return str(getattr(function, "__name__", type(function).__name__))


def _spoken(function: Callable[..., Any]) -> str:
    """A function as a person would write it; one that Python can only tell by its address by its class.

    >>> _spoken(partial(max, default=0))
    'partial(max, default=0)'
    """
    if isinstance(function, Op):
        return repr(function)
    if isinstance(function, partial):
        bound = [*map(repr, function.args), *(f"{name}={value!r}" for name, value in function.keywords.items())]
        return f"partial({', '.join([_spoken(function.func), *bound])})"
    said = str(getattr(function, "__name__", "")) or repr(function)
    return type(function).__name__ if " at 0x" in said else said


def stream_of(made: Any) -> Any:
    """The stream, of what a module made: the first of several outputs."""
    return made[0] if isinstance(made, tuple) else made
