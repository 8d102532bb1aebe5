"""From what the user wrote where a module is due to the live module: made here, in word order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from attrs import evolve
from flodl_core import BuildError, Component, Ref, as_reference, components
from flodl_core.binding import bind
from flodl_core.names import kind_due
from torch import nn

from flodl_graph.assembly.schema import Due, dues, schema
from flodl_graph.ir.node import AbstractNode
from flodl_graph.ir.steps import Flow, Word

Nested: TypeAlias = Callable[[Flow], nn.Module]
"""Builds a nested flow. Passed down, so that recipes need not know how graphs are assembled."""


Find: TypeAlias = Callable[[str, str], Component]
"""Finds a component by kind and name, as the registry does; one that remembers what it found, for a build."""


def bound_words(node: type[AbstractNode], step: Word, build: Nested) -> dict[str, Any]:
    """The arguments of `node.from_words` for a step, every recipe made.

    Raises:
        FlodlError: The arguments do not fit the word, or a recipe cannot be made.
    """
    signature = schema(node)
    args, kwargs = _hand_extras_to_recipe(node, step)
    bound = bind(f"{step.word}()", signature, args, kwargs)
    wanted = dues(node)
    for name, value in bound.arguments.items():
        _check_list(value, wanted[name])
    hints = node.hints(bound.arguments)
    return {name: _make(value, wanted[name], build, hints.get(name, {})) for name, value in bound.arguments.items()}


def said_component(node: type[AbstractNode], step: Word, find: Find) -> Component | None:
    """The component that a step's first argument names; None for an object."""
    said = as_reference(next(iter((*step.args, *step.kwargs.values())), None))
    if not isinstance(said, Ref):
        return None
    first = next(iter(dues(node).values()))
    return find(kind_due(said.name, first.kind or "module"), said.name)


def _hand_extras_to_recipe(node: type[AbstractNode], step: Word) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
    """Arguments that are not the word's go to the constructor of its first argument, where that is a name."""
    own = {key: value for key, value in step.kwargs.items() if key in schema(node).parameters}
    extras = {key: value for key, value in step.kwargs.items() if key not in own}
    takes_list = next(iter(dues(node).values()), Due()).several
    reference = as_reference(step.args[0]) if step.args and not takes_list else None
    if not extras or not isinstance(reference, Ref):
        return step.args, step.kwargs
    positional = extras.pop("args", ())
    if not isinstance(positional, list | tuple):
        raise BuildError(
            f"`args` is a list of positional arguments, got {positional!r}", mend=f"args = [{positional!r}]"
        )
    widened = evolve(reference, args=(*reference.args, *positional), kwargs={**reference.kwargs, **extras})
    return (widened, *step.args[1:]), own


def _check_list(value: Any, wanted: Due) -> None:
    if wanted.several and (not isinstance(value, list | tuple) or any(item is None for item in value)):
        raise BuildError(f"a list of {wanted.kind}s is due, got {value!r}", mend='["relu", "tanh"]')


def _make(value: Any, wanted: Due, build: Nested, hints: Mapping[str, Any]) -> Any:
    """The live thing that a value stands for, where a component is due; a plain value where none is."""
    if wanted.several:
        return [_make(item, Due(wanted.kind), build, hints) for item in value]
    if isinstance(value, Flow):
        return build(value)
    if wanted.kind is None:
        return components.create(kind_due(value.name, "module"), value) if isinstance(value, Ref) else value
    reference = as_reference(value)
    if isinstance(reference, Ref):
        kind = kind_due(reference.name, wanted.kind)
        return components.create(kind, _hinted(reference, kind, hints))
    return None if value is None else _live(components.create(wanted.kind, value), wanted.kind)


def _hinted(reference: Ref, kind: str, hints: Mapping[str, Any]) -> Ref:
    """The reference, with what the word knows for keywords that its constructor takes and nobody gave."""
    if not hints:
        return reference
    parameters = components.find(kind, reference.name).signature().parameters
    given = {*list(parameters)[: len(reference.args)], *reference.kwargs}
    wanted = {key: value for key, value in hints.items() if key in parameters and key not in given}
    return evolve(reference, kwargs={**reference.kwargs, **wanted})


def _live(value: Any, kind: str) -> Any:
    if not callable(value):
        noun = kind.replace("_", " ")
        raise BuildError(
            f"a {noun} is due, got {value!r}", mend=f"give a {noun}, a function, a registered name, a ref or a flow"
        )
    return value
