"""Tables of plain data to a flow: one table per word, the form of TOML files.

    { through = "linear", args = [2, 16], bias = false, tag = "h" }
    { split = ["relu", { use = "linear", args = [16, 16] }], tag_group = "head" }
    { merge = "mean" }

The key that is a word comes with its first argument; other arguments, `tag`, `tag_group` and
`using` are keys beside it; `{ at = "tag" }` and `{ input = ["ctx"] }` are tables of their own.
A reference is a string, `{use = ...}`, or a nested `{flow = [...]}`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from typing import Any, TypeAlias

from flodl_core import BuildError, Component, FlodlError, Ref, UnknownComponent, as_reference, components
from flodl_core.binding import signature_of
from flodl_core.errors import did_you_mean, join_errors
from flodl_core.names import kind_due
from flodl_core.where import Where

from flodl_graph.ir.placed import placed
from flodl_graph.ir.steps import At, Flow, Input, Internal, Label, Step, Tag, TagGroup, Using, Word

Places: TypeAlias = Callable[[int], Where]
"""The user's place of the n-th table, counted from 0."""

_MARKS = ("tag", "tag_group", "using")
_AT, _INPUT = "at", "input"


def flow_of(
    tables: Sequence[Mapping[str, Any]],
    places: Places,
    *,
    label: str | None = None,
    inputs: Sequence[str] = (),
    internal: Sequence[str] = (),
) -> Flow:
    """Read tables as a flow.

    Args:
        places: Where the n-th table stands, for messages.
        label: The graph's name.
        inputs: Further parameters of forward.
        internal: Tags that nobody outside may read.

    Raises:
        BuildError: Tables that are no words; all of them, together.
    """
    if not isinstance(tables, list | tuple):
        mend = '[{ through = "linear", args = [2, 16] }]'
        raise BuildError(f"a flow is a list of tables, got {tables!r}", where=places(0), mend=mend)
    steps: list[Step] = []
    errors: list[FlodlError] = []
    if inputs:
        where = places(0)
        steps.append(Input(names=_texts({"inputs": inputs}, "inputs", where), where=where))
    for index, table in enumerate(tables):
        try:
            steps += _steps(table, places(index))
        except FlodlError as error:
            errors += [placed(part, places(index)) for part in error.parts]
    if internal:
        where = places(len(tables) - 1)
        steps.append(Internal(names=_texts({"internal": internal}, "internal", where), where=where))
    if label is not None:
        where = places(len(tables) - 1)
        steps.append(Label(name=_text({"label": label}, "label", where), where=where))
    if errors:
        raise join_errors(errors)
    return Flow(tuple(steps))


def _steps(table: Mapping[str, Any], where: Where) -> list[Step]:
    if not isinstance(table, Mapping):
        raise BuildError(
            f"a table of the flow is due, got {table!r}", where=where, mend='{ through = "linear", args = [2, 16] }'
        )
    if _AT in table:
        return [At(tag=_text(table, _AT, where), where=where), *_tags(table, where)]
    if "tag" in table and not set(table) - {"tag"}:
        return list(_tags(table, where))
    if _INPUT in table:
        return [Input(names=_texts(table, _INPUT, where), where=where), *_marks(table, where)]
    word = _word(table, where)
    _check_keys(table, word, where)
    arguments = {key: _argument(value, where) for key, value in table.items() if key not in (*_MARKS, word)}
    first = _argument(table[word], where)
    positional = tuple(first) if isinstance(first, list) and _takes_each(word) else (first,)
    return [Word(word=word, args=positional, kwargs=arguments, where=where), *_marks(table, where)]


def _marks(table: Mapping[str, Any], where: Where) -> Iterator[Step]:
    """What stands beside a word."""
    if "using" in table:
        yield Using(refs=_refs(table["using"], where), where=where)
    if "tag_group" in table:
        yield TagGroup(name=_text(table, "tag_group", where), where=where)
    yield from _tags(table, where)


def _tags(table: Mapping[str, Any], where: Where) -> Iterator[Tag]:
    """`"h"`, `{weights = "w"}` for further outputs, or a list of both."""
    said = table.get("tag", [])
    for tag in said if isinstance(said, list) else [said]:
        if isinstance(tag, str):
            yield Tag(name=tag, where=where)
        elif isinstance(tag, Mapping) and all(isinstance(name, str) for name in tag.values()):
            yield Tag(ports=tuple(tag.items()), where=where)
        else:
            raise BuildError(f"`tag` is a name, got {tag!r}", where=where, mend='tag = "encoded"')


def _word(table: Mapping[str, Any], where: Where) -> str:
    """The first key that is a word: people write it first, and then no plugin is loaded to find it."""
    keys = [key for key in table if key not in (*_MARKS, "args")]
    for key in keys:
        if _is_word(key):
            return key
    words = [component.name for component in components.list("word")]
    nearest = next(filter(None, (did_you_mean(key, words) for key in keys)), None)
    raise BuildError(
        f"no word among the keys {', '.join(keys) or '(none)'}",
        where=where,
        mend=nearest or f"words: {', '.join(words)}",
    )


def _check_keys(table: Mapping[str, Any], word: str, where: Where) -> None:
    """A second word and a misspelt mark are no arguments of the component that the word names."""
    for key in table:
        if key in (word, "args", *_MARKS) or _is_argument(key, word, as_reference(table[word])):
            continue
        if _is_word(key):
            raise BuildError(f"two words in one table: {word} and {key}", where=where, mend="a table for each")
        if near := get_close_matches(key, _MARKS, 1, 0.75):
            raise BuildError(f"a table of the flow has no key {key!r}", where=where, mend=f"did you mean {near[0]!r}?")


def _is_argument(key: str, word: str, said: Any) -> bool:
    """Whether the word takes it, or the constructor of what the word is given by name, as far as that can be asked."""
    asked = [signature_of(components.find("word", word).load().from_words)]  # type: ignore[attr-defined]
    if isinstance(said, Ref):
        component = _named(said.name)
        if component is None:  # told where it is made
            return True
        asked.append(component.signature())
    parameters = [p for signature in asked for p in signature.parameters.values()]
    return any(p.name == key or p.kind is p.VAR_KEYWORD for p in parameters)


def _named(name: str) -> Component | None:
    for kind in ("module", "merge_op"):
        with suppress(FlodlError):
            return components.find(kind_due(name, kind), name)
    return None


def _is_word(key: str) -> bool:
    try:
        components.find("word", key)
    except UnknownComponent:
        return False
    return True


def _takes_each(word: str) -> bool:
    """Whether a list is as many arguments, one for each branch that the word opens, and not one argument."""
    return getattr(components.find("word", word).load(), "effect", None) == "branch"


def _argument(value: Any, where: Where) -> Any:
    """Nested flows and references read; plain data as it is."""
    if isinstance(value, Mapping) and "flow" in value:
        return _nested(value, where)
    if isinstance(value, Mapping):
        inner = {key: _argument(item, where) for key, item in value.items()}
        return as_reference(inner) if "use" in inner else inner
    if isinstance(value, list):
        return [_argument(item, where) for item in value]
    return value


def _nested(table: Mapping[str, Any], where: Where) -> Flow:
    unknown = set(table) - {"flow", "label", "inputs", "internal"}
    if unknown or not isinstance(table["flow"], list):
        raise BuildError(
            "a nested flow has a list `flow`, and may have `label`, `inputs` and `internal`; "
            f"got {', '.join(map(repr, table))}",
            where=where,
            mend='{ flow = [{ through = "gelu" }] }',
        )
    heads = {key: value for key, value in table.items() if key != "flow"}
    return flow_of(table["flow"], lambda _: where, **heads)


def _refs(value: Any, where: Where) -> tuple[tuple[str, str | tuple[str, ...]], ...]:
    """`"h"`, `["a", "b"]`, `{context = "h"}` or `{hx = ["h", "c"]}`: keyword, and its tag or tags."""
    names = value if isinstance(value, Mapping | list) else [value]
    refs = names.items() if isinstance(names, Mapping) else ((name, name) for name in names)
    return tuple((word, _one_or_more_tags(tags, where)) for word, tags in refs)


def _one_or_more_tags(value: Any, where: Where) -> str | tuple[str, ...]:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and len(value) > 1 and all(isinstance(tag, str) for tag in value):
        return tuple(value)
    raise BuildError(
        f"`using` names tags, got {value!r}",
        where=where,
        mend='using = ["encoded"], or { hx = ["h", "c"] } for a tuple',
    )


def _texts(table: Mapping[str, Any], key: str, where: Where) -> tuple[str, ...]:
    names = table[key]
    if not (isinstance(names, list | tuple) and all(isinstance(name, str) for name in names)):
        raise BuildError(f"`{key}` is a list of names, got {names!r}", where=where, mend=f'{key} = ["context"]')
    return tuple(names)


def _text(table: Mapping[str, Any], key: str, where: Where) -> str:
    if not isinstance(table[key], str):
        raise BuildError(f"`{key}` is a name, got {table[key]!r}", where=where, mend=f'{key} = "encoded"')
    return str(table[key])
