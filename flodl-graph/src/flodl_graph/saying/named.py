"""Names as steps: tags, references to them, and what else takes a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flodl_core import BuildError
from flodl_core.where import Where, caller

from flodl_graph.ir.steps import At, Tag, TagGroup, Using


def name_of(word: str, name: Any, where: Where) -> str:
    """What must be a name.

    Raises:
        BuildError: It is no text.
    """
    if not isinstance(name, str):
        raise BuildError(f"{word}() takes names, got {name!r}", where=where, mend=f'{word}("encoded")')
    return name


def tag_step(name: str | None, ports: Mapping[str, str]) -> Tag:
    """Names for the stream, and for further outputs.

    Raises:
        BuildError: There are none, or one is no text.
    """
    where = caller()
    if name is None and not ports:
        raise BuildError("tag() names something", where=where, mend='tag("hidden")')
    for given in (*([] if name is None else [name]), *ports.values()):
        name_of("tag", given, where)
    return Tag(name=name, ports=tuple(ports.items()), where=where)


def tag_group_step(name: str) -> TagGroup:
    """A name for the open branches.

    Raises:
        BuildError: It is no text.
    """
    where = caller()
    return TagGroup(name=name_of("tag_group", name, where), where=where)


def at_step(tag: str, word: str = "at") -> At:
    """Where the stream goes on from.

    Args:
        word: The one that says so.

    Raises:
        BuildError: It is no text.
    """
    where = caller()
    return At(tag=name_of(word, tag, where), said=word, where=where)


def using_step(tags: Sequence[str], renamed: Mapping[str, str | Sequence[str]]) -> Using:
    """Keyword and tag of each reference.

    Raises:
        BuildError: One is no tag.
    """
    where = caller()
    refs = [*((tag, tag) for tag in tags), *renamed.items()]
    return Using(refs=tuple((word, _tags(value, where)) for word, value in refs), where=where)


def _tags(value: Any, where: Where) -> str | tuple[str, ...]:
    """One tag, or at least two that arrive together."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and len(value) > 1 and all(isinstance(tag, str) for tag in value):
        return tuple(value)
    raise BuildError(
        f"using() takes tags, got {value!r}", where=where, mend='using("encoded"), or using(hx=("h", "c")) for a tuple'
    )
