"""Choosing components: by kind, by a word or a wildcard, by the distribution that brought them."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from flodl_core.errors import FlodlError, UnknownComponent, UnknownKind, UsageError, did_you_mean
from flodl_core.names import PLURALS, kind_named, plural
from flodl_core.policy import canonical
from flodl_core.provider import Component
from flodl_core.registry import components

from flodl_cli.output.words import many


def read_kind(word: str | None) -> tuple[str | None, str | None]:
    """What the first argument of `list` is: a kind, or else a filter.

    Raises:
        UnknownKind: It is nearly a kind.
    """
    if word is None or is_wildcard(word):
        return None, word
    try:
        return kind_named(word), None
    except UnknownKind as error:
        if did_you_mean(word.lower(), [*PLURALS, *PLURALS.values()], n=1) and not select(None, word, None, all_=True):
            raise error from None
        return None, word


def select(
    kind: str | None,
    pattern: str | None,
    distribution: str | None,
    category: str | None = None,
    *,
    all_: bool,
    where: str = "flodl list",
) -> tuple[Component, ...]:
    """The components that fit everything that is said.

    Args:
        pattern: A wildcard over names and aliases, or a word found in a name, an alias, a category or a summary.
        category: One category only.
        all_: Deprecated ones too.
        where: The command that asks.

    Raises:
        UsageError: No plugin belongs to that distribution, or nothing is of that category.
    """
    found: Sequence[Component] = components.list(kind, deprecated=all_)
    if distribution is not None:
        found = [c for c in found if c.origin.distribution == _known_distribution(distribution, where)]
    if category is not None:
        found = _of_category(found, category)
    if pattern is not None:
        found = [c for c in found if _fits(c, pattern.lower())]
    return tuple(found)


def is_wildcard(pattern: str) -> bool:
    """Whether a filter is a pattern for whole names: `conv*`, `?elu`."""
    return any(letter in pattern for letter in "*?[")


def nothing_found(kind: str | None, pattern: str, where: str = "flodl list") -> UnknownComponent:
    """The error for a word that fits nothing, with near names."""
    found = components.list(kind, deprecated=True)
    if where == "flodl list" and (fitting := [c for c in found if _fits(c, pattern.lower())]):
        return _only_what_is_left_out(fitting, pattern, where)
    known = {alias: c.name for c in found for alias in (*c.spec.aliases, c.name)}
    if kind is None:
        known.update({word: word for word in PLURALS})
    what = many(kind) if kind else "kind or component"
    mend = did_you_mean(pattern, known) or f"flodl list{f' {plural(kind)}' if kind else ''} shows all"
    return UnknownComponent(f"no {what} {'fit' if kind else 'fits'} {pattern!r}", where=where, mend=mend)


def known_distributions() -> set[str]:
    """Every distribution that has a plugin."""
    try:
        return {report.distribution for report in components.plugins()}
    except FlodlError:
        return set()


def _only_what_is_left_out(fitting: Sequence[Component], pattern: str, where: str) -> UnknownComponent:
    if all(c.spec.deprecated for c in fitting):
        return UnknownComponent(f"only what is deprecated fits {pattern!r}", where=where, mend="--all shows that too")
    mend = f"it is {fitting[0].id}, {fitting[0].spec.category or 'no category'}"
    what = f"only what is of another category or distribution fits {pattern!r}"
    return UnknownComponent(what, where=where, mend=mend)


def _fits(component: Component, pattern: str) -> bool:
    spec = component.spec
    names = [word.lower() for word in (spec.name, component.qualified, *spec.aliases)]
    if is_wildcard(pattern):
        return any(fnmatchcase(name, pattern) for name in names)
    return any(pattern in text for text in (*names, spec.category.lower(), spec.summary.lower()))


def _of_category(found: Sequence[Component], category: str) -> Sequence[Component]:
    chosen = [c for c in found if c.spec.category == category.lower()]
    if not chosen:
        known = sorted({c.spec.category for c in found if c.spec.category})
        mend = did_you_mean(category.lower(), known) or f"categories: {', '.join(known) or 'none'}"
        raise UsageError(f"nothing is of the category {category!r}", where="flodl list --category", mend=mend)
    return chosen


def _known_distribution(name: str, where: str) -> str:
    known = known_distributions()
    if canonical(name) not in known:
        mend = did_you_mean(canonical(name), known) or f"plugins: {', '.join(sorted(known)) or 'none'}"
        raise UsageError(f"no plugin belongs to a distribution {name!r}", where=f"{where} --plugin", mend=mend)
    return canonical(name)
