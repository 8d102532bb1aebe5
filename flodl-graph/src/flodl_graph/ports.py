"""What a module returns besides the stream, and how it is asked for it."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, get_type_hints

from flodl_core import Component, ModuleSpec, OpSpec, components
from torch import nn

from flodl_graph.ir.node import Part
from flodl_graph.part import once_a_forward


def outputs_of(part: Part, said: Component | None = None) -> tuple[str, ...]:
    """Names of what a module returns, the stream first; empty: one value.

    They come from the module itself when it has `ports`, as a graph has its tags, or `return_indices`, as
    a pool of torch; else from its component's spec; else from a `NamedTuple` that `forward` is annotated
    to return.

    Args:
        said: The component that the user named, where one was.
    """
    ports = getattr(part, "ports", None)
    if isinstance(ports, tuple):
        return ("stream", *ports) if ports else ()
    if getattr(part, "return_indices", None) is True:
        return "stream", "indices"
    component = said or components.builtin_class("module", type(part))
    if component is not None and isinstance(component.spec, ModuleSpec | OpSpec) and component.spec.outputs:
        named = component.spec.outputs
        return named if len(named) > 1 else ()  # the name of its one value: the stream itself
    try:
        return _fields(part)
    except Exception:  # an annotation that only type checkers can read
        return ()


def makes_on_demand(part: Part) -> bool:
    """Whether a module makes its further outputs only when `forward(..., wanted=("weights",))` asks for them."""
    if isinstance(getattr(part, "ports", None), tuple):
        return True
    return isinstance(part, nn.Module) and "wanted" in inspect.signature(part.forward).parameters


def expose(part: Part, ports: Sequence[str]) -> None:
    """Tell a module that it will be asked for these: a graph then keeps them to the end of its call."""
    tell = getattr(part, "expose", None)
    if callable(tell):
        tell(*ports)


@once_a_forward
def _fields(part: Part) -> tuple[str, ...]:
    """The names of the `NamedTuple` that a part is annotated to return; none if it is annotated otherwise."""
    function: Any = part.forward if isinstance(part, nn.Module) else part
    return tuple(getattr(get_type_hints(function).get("return"), "_fields", ()))
