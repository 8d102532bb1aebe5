"""What the components claim: names that may be somebody's, targets that may be somebody else's code, what they need."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from flodl_core.errors import PluginError
from flodl_core.hookspecs import API_VERSION
from flodl_core.ownership import foreign_target
from flodl_core.provider import Component
from flodl_core.registry import components

from flodl_cli.health.finding import Finding
from flodl_cli.output.words import counted_kind


def look_at_names(brought: Sequence[Component]) -> Iterator[Finding]:
    """A clash with a built-in hides a component behind its full name; one with another plugin hides both."""
    found = [finding for component in brought for finding in _clashes(component)]
    yield from found
    if not found:
        kinds = dict.fromkeys(component.kind for component in brought)
        said = ", ".join(counted_kind(sum(c.kind == kind for c in brought), kind) for kind in kinds)
        yield Finding("names", f"{said}: no other distribution here has their names")


def look_at_targets(brought: Sequence[Component]) -> Iterator[Finding]:
    """A target is code of the distribution that declares it, or of what that requires."""
    by_package: dict[str, list[Component]] = {}
    for component in brought:
        by_package.setdefault(re.split(r"[.:]", component.spec.target)[0], []).append(component)
    # One of each package is asked first: file lists are long, and packages belong to somebody as a whole.
    strangers = [
        component for first, *more in by_package.values() if foreign_target(first) for component in (first, *more)
    ]
    for component in strangers:
        if fault := foreign_target(component):
            yield Finding(
                "targets", fault, "problem", "name code of its own, or require the distribution it belongs to"
            )
    if not strangers:
        yield Finding("targets", "all in its own packages, or in those it requires")


def look_at_requirements(brought: Sequence[Component]) -> Iterator[Finding]:
    """What cannot be used here is not proved here: that is said, contracts or not."""
    for component in brought:
        try:
            component.check_requirements()
        except PluginError as error:
            unreadable = "which cannot be checked" in error.what
            never = unreadable or component.spec.requires_api > API_VERSION
            mend = 'a requirement reads "scipy>=1.11"' if unreadable else error.mend or ""
            yield Finding("targets", f"not tried: {error.what}", "problem" if never else "note", mend)


def _clashes(component: Component) -> Iterator[Finding]:
    mine = {component.name, *component.spec.aliases}
    for other in components.list(component.kind, deprecated=True):
        if other.origin.distribution == component.origin.distribution:
            continue
        shared = sorted(mine & {other.name, *other.spec.aliases})
        if not shared:
            continue
        said = f"{component.kind} {component.name!r}: {other.origin.distribution} has {', '.join(shared)} too"
        if other.origin.builtin:
            yield Finding(
                "names", f"{said}, and the built-in one is meant", "problem", f"another name than {shared[0]}"
            )
        elif not component.origin.builtin:
            yield Finding("names", said, "note", f"where both are installed, write {component.qualified!r}")
