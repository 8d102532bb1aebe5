"""Which components the words of the command line mean."""

from __future__ import annotations

from flodl_core.errors import UnknownComponent, UsageError
from flodl_core.names import kind_named
from flodl_core.provider import Component
from flodl_core.registry import components

from flodl_cli.output.words import many
from flodl_cli.selection import is_wildcard, nothing_found, read_kind, select

_WHERE = "flodl exercise"


def choose(word: str | None, name: str | None, plugin: str | None) -> tuple[Component, ...]:
    """The components of a kind, of a name, of a wildcard, of a distribution; all of them when nothing is said.

    Args:
        word: A kind, or a name of any kind.
        name: A name of that kind, in full or with `*`.
        plugin: A distribution.

    Raises:
        UnknownKind, UnknownComponent, AmbiguousComponent: Nothing is called so; with suggestions.
        UsageError: Nothing is left.
    """
    kind, other = read_kind(word)
    if other is not None and name is not None:
        kind_named(other)  # two words: the first must be a kind, and is none
    wanted = name if other is None else other
    if wanted is None or is_wildcard(wanted):
        found = select(kind, wanted, plugin, all_=False, where=_WHERE)
    else:
        found = tuple(c for c in _named(kind, wanted) if plugin is None or c in _brought(c.kind, plugin))
    if not found:
        what = many(kind) if kind else "components"
        fits = f" that fit {wanted!r}" if wanted else ""
        source = f" of {plugin}" if plugin else ""
        raise UsageError(f"there are no {what}{source}{fits}", where=_WHERE, mend="flodl list shows all")
    return found


def _brought(kind: str, plugin: str) -> tuple[Component, ...]:
    return select(kind, None, plugin, all_=True, where=_WHERE)


def _named(kind: str | None, name: str) -> tuple[Component, ...]:
    if kind is not None:
        return (components.find(kind, name),)
    found = []
    for each in components.kinds:
        try:
            found.append(components.find(each, name))
        except UnknownComponent:
            continue
    if not found:
        raise nothing_found(None, name, _WHERE)
    return tuple(found)
