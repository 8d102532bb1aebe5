"""Who brings the components that a flow names: told when one of them is missing elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flodl_core import Component, Ref, UnknownComponent, components

from flodl_graph.ir.steps import Flow, Word


def origins_of(flow: Flow) -> dict[str, str]:
    """`"module:linear"` to `"flodl-nn 0.1.0"`, for every word and every component that the words name."""
    return {f"{found.kind}:{found.name}": str(found.origin) for found in _components(flow)}


def _components(flow: Flow) -> Iterator[Component]:
    for step in flow.steps:
        if isinstance(step, Word):
            word = components.find("word", step.word)
            yield word
            kind = "merge_op" if getattr(word.load(), "effect", None) == "join" else "module"
            for value in (*step.args, *step.kwargs.values()):
                yield from _named(value, kind)


def _named(value: Any, kind: str) -> Iterator[Component]:
    """The components in an argument. A string may be a name or a plain value: only a known name counts."""
    match value:
        case str():
            yield from _found(kind, value)
        case Ref():
            yield from _found(kind, value.name)
            for inner in (*value.args, *value.kwargs.values()):
                if isinstance(inner, Ref):
                    yield from _named(inner, "module")
        case Flow():
            yield from _components(value)
        case Mapping():
            for item in value.values():
                yield from _named(item, kind)
        case list() | tuple():
            for item in value:
                yield from _named(item, kind)


def _found(kind: str, name: str) -> Iterator[Component]:
    try:
        yield components.find(kind, name)
    except UnknownComponent:
        return
