"""A flow to tables of plain data, the inverse of `tables`: one table per word."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from flodl_core import BuildError, Ref, components
from flodl_core.binding import signature_of
from flodl_core.names import kind_due
from flodl_core.where import Where

from flodl_graph.ir.steps import At, Flow, Input, Internal, Label, Live, Step, Tag, TagGroup, Using, Word

_MARKS = frozenset({"tag", "tag_group", "using", "at", "args", "use"})


def tables_of(flow: Flow) -> dict[str, Any]:
    """A flow as `{"label": ..., "inputs": [...], "internal": [...], "flow": [table, ...]}`, absent keys left out.

    Raises:
        BuildError: A step holds a live object, which no text can make.
    """
    said: dict[str, Any] = {}
    tables: list[dict[str, Any]] = []
    for step in flow.steps:
        match step:
            case Label():
                said["label"] = step.name
            case Internal():
                said.setdefault("internal", []).extend(step.names)
            case Input() if not tables:
                said.setdefault("inputs", []).extend(step.names)
            case Input():
                tables.append({"input": list(step.names)})
            case Word():
                tables.append(_word(step))
            case At():
                tables.append({"at": step.tag})
            case _:
                _mark(tables, step)
    heads: dict[str, Any] = {key: said[key] for key in ("label", "inputs", "internal") if key in said}
    return {**heads, "flow": tables}


def _mark(tables: list[dict[str, Any]], step: Step) -> None:
    """Put a mark beside the word it speaks of; one before any word is a table of its own."""
    if not tables:
        tables.append({})
    table = tables[-1]
    match step:
        case TagGroup():
            table["tag_group"] = step.name
        case Using():
            refs = {**_using(table), **{word: _plain(tags) for word, tags in step.refs}}
            same = all(word == tag for word, tag in refs.items())
            table["using"] = [*refs] if same else refs
        case Tag():
            tags = [*_listed(table.get("tag", [])), *([step.name] if step.name else [])]
            tags += [dict(step.ports)] if step.ports else []
            table["tag"] = tags[0] if len(tags) == 1 else tags


def _plain(tags: str | tuple[str, ...]) -> str | list[str]:
    return tags if isinstance(tags, str) else list(tags)


def _using(table: Mapping[str, Any]) -> dict[str, Any]:
    held = table.get("using", {})
    return dict(held) if isinstance(held, Mapping) else {tag: tag for tag in held}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _word(step: Word) -> dict[str, Any]:
    """The word with its first argument; further ones by the names that the word gives them."""
    node = components.find("word", step.word).load()
    parameters = list(signature_of(node.from_words).parameters)  # type: ignore[attr-defined]
    if getattr(node, "effect", None) == "branch":
        return {step.word: [_value(value, step.where) for value in step.args]}
    first, *rest = step.args
    further = dict(zip(parameters[1:], rest, strict=False))
    options = {key: _value(value, step.where) for key, value in {**further, **step.kwargs}.items() if value is not None}
    if isinstance(first, Ref) and first.name not in parameters and not _clashes(first, parameters):
        return {step.word: first.name, **_arguments(first, step.where), **options}
    return {step.word: _value(first, step.where), **options}


def _clashes(reference: Ref, parameters: Sequence[str]) -> bool:
    """Whether a constructor's keyword would be read as the word's own, or as a mark."""
    return any(key in _MARKS or key in parameters for key in reference.kwargs)


def _value(value: Any, where: Where) -> Any:
    match value:
        case Live():
            raise BuildError(
                f"a live {value.kind} cannot be written down",
                where=where,
                mend="build it by name, with a ref, or from an unbuilt FlowBuilder",
            )
        case Flow():
            return tables_of(value)
        case Ref():
            arguments = _arguments(value, where)
            return {"use": value.name, **arguments} if arguments else value.name
        case Mapping():
            return {key: _value(item, where) for key, item in value.items()}
        case list() | tuple():
            return [_value(item, where) for item in value]
    return value


def _arguments(reference: Ref, where: Where) -> dict[str, Any]:
    """A reference's arguments. TOML has no None: one that is the constructor's default is left out."""
    positional = [_value(item, where) for item in reference.args]
    named = {key: _value(item, where) for key, item in reference.kwargs.items() if item is not None}
    for key in [key for key, item in reference.kwargs.items() if item is None]:
        if _default(reference.name, key) is not None:
            raise BuildError(f"{reference.name}({key}=None) cannot be written down: TOML has no None", where=where)
    return {**({"args": positional} if positional else {}), **named}


def _default(name: str, key: str) -> Any:
    parameter = components.find(kind_due(name, "module"), name).signature().parameters.get(key)
    return inspect.Parameter.empty if parameter is None else parameter.default
