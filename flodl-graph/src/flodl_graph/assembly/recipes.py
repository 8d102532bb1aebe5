"""From what the user wrote where a module is due to the live module: made here, in word order."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, TypeAlias, get_args, get_origin, get_type_hints

from attrs import evolve
from flodl_core import BuildError, Component, ModuleSpec, Ref, as_reference, components
from flodl_core.binding import bind, signature_of
from torch import nn

from flodl_graph.ir.node import AbstractNode, Part
from flodl_graph.ir.steps import Flow, Word

Nested: TypeAlias = Callable[[Flow], nn.Module]
"""Builds a nested flow. Passed down, so that recipes need not know how graphs are assembled."""


def bound_words(node: type[AbstractNode], step: Word, build: Nested) -> dict[str, Any]:
    """The arguments of `node.from_words` for a step, every recipe made.

    Raises:
        FlodlError: The arguments do not fit the word, or a recipe cannot be made.
    """
    signature = _schema(node)
    args, kwargs = _hand_extras_to_recipe(signature, step)
    bound = bind(f"{step.word}()", signature, args, kwargs)
    return {
        name: _make(value, _kind_due(signature.parameters[name].annotation), build)
        for name, value in bound.arguments.items()
    }


def said_component(node: type[AbstractNode], step: Word) -> Component | None:
    """The component that a step's first argument names; None for an object."""
    said = as_reference(next(iter((*step.args, *step.kwargs.values())), None))
    if not isinstance(said, Ref):
        return None
    first = next(iter(_schema(node).parameters.values()))
    return components.find(_kind_due(first.annotation) or "module", said.name)


def outputs_of(part: Part, said: Component | None) -> tuple[str, ...]:
    """Names of what a module returns, the stream first; empty: one value.

    They come from the component's spec, else from a `NamedTuple` that `forward` is annotated to return.
    """
    component = said or components.builtin_class("module", type(part))
    if component is not None and isinstance(component.spec, ModuleSpec) and component.spec.outputs:
        return component.spec.outputs
    return tuple(getattr(_returned(part.forward if isinstance(part, nn.Module) else part), "_fields", ()))


def _returned(function: Callable[..., Any]) -> object:
    """What a function is annotated to return; None when it does not say, or not so that it can be read."""
    try:
        return get_type_hints(function).get("return")
    except Exception:  # a name that only type checkers know
        return None


@cache
def _schema(node: type[AbstractNode]) -> inspect.Signature:
    return signature_of(node.from_words)


def made_of_data(step: Word) -> bool:
    """Whether a step holds references and plain data only, and so can be written down."""
    return all(_is_data(value) for value in (*step.args, *step.kwargs.values()))


def _hand_extras_to_recipe(signature: inspect.Signature, step: Word) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
    """Arguments that are not the word's go to the constructor of its first argument, where that is a name."""
    first, *rest = step.args or (None,)
    own = {key: value for key, value in step.kwargs.items() if key in signature.parameters}
    extras = {key: value for key, value in step.kwargs.items() if key not in own}
    reference = as_reference(first) if step.args else first
    if not extras or not isinstance(reference, Ref):
        return step.args, step.kwargs
    positional = extras.pop("args", ())
    if not isinstance(positional, list | tuple):
        raise BuildError(
            f"`args` is a list of positional arguments, got {positional!r}", mend=f"args = [{positional!r}]"
        )
    widened = evolve(reference, args=(*reference.args, *positional), kwargs={**reference.kwargs, **extras})
    return (widened, *rest), own


def _kind_due(annotation: Any) -> str | None:
    """The kind of component that a parameter takes; None when it takes plain values."""
    if get_origin(annotation) is Annotated:
        return str(annotation.__metadata__[0])
    if inspect.isclass(annotation) and issubclass(annotation, nn.Module):
        return "module"
    kinds = {kind for inner in get_args(annotation) if (kind := _kind_due(inner))}
    return kinds.pop() if kinds else None


def _make(value: Any, kind: str | None, build: Nested) -> Any:
    if isinstance(value, Flow):
        return build(value)
    if isinstance(value, Ref):
        return components.create(kind or "module", value)
    if kind is None:
        return value
    if isinstance(value, list | tuple) and not isinstance(as_reference(value), Ref):
        return [_make(item, kind, build) for item in value]
    return _live(components.create(kind, value), kind)


def _live(value: Any, kind: str) -> Any:
    if not callable(value):
        due = kind.replace("_", " ")
        raise BuildError(
            f"a {due} is due, got {value!r}", mend=f"give a {due}, a function, a registered name, a ref or a flow"
        )
    return value


def _is_data(value: Any) -> bool:
    if isinstance(value, Flow):
        return all(made_of_data(step) for step in value.steps if isinstance(step, Word))
    if isinstance(value, Ref):
        return all(_is_data(item) for item in (*value.args, *value.kwargs.values()))
    if isinstance(value, Mapping):
        return all(_is_data(item) for item in value.values())
    if isinstance(value, list | tuple):
        return all(_is_data(item) for item in value)
    return value is None or isinstance(value, str | bool | int | float)
