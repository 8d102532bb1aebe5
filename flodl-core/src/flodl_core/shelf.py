"""The components of one kind, by name and alias, and the rule that says which of them a name means.

The rule: built-in ones before plugins' ones, and among equals names before aliases. It looks at
what is declared, never at what was installed or loaded first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import final

from flodl_core.errors import AmbiguousComponent
from flodl_core.names import Name, a_kind
from flodl_core.provider import Component


@final
class Shelf:
    """All components of one kind, several per name."""

    def __init__(self) -> None:
        self._names: dict[str, list[Component]] = {}
        self._aliases: dict[str, list[Component]] = {}

    def add(self, component: Component) -> None:
        """Put a component under its name and its aliases."""
        for word, shelf in self._words(component):
            shelf.setdefault(word, []).append(component)

    def remove(self, component: Component) -> None:
        """Take a component away again."""
        for word, shelf in self._words(component):
            shelf[word].remove(component)

    def twin(self, component: Component) -> Component | None:
        """The component of the same distribution that has the same name already."""
        same = (held for held in self._names.get(component.name, ()) if held.qualified == component.qualified)
        return next(same, None)

    def matches(self, name: Name) -> list[Component]:
        """Everything the name may mean, after the rule; one component, as a rule."""
        named, aliased = ([c for c in found if _fits(c, name)] for found in self._answering(name.bare))
        groups = (_builtin(named), _builtin(aliased), named, aliased)
        return next((group for group in groups if group), [])

    def clashes(self, component: Component) -> Iterator[str]:
        """What others say about the names and aliases of a component that was just added."""
        for word in dict.fromkeys((component.name, *component.spec.aliases)):
            answering = (c for found in self._answering(word) for c in found)
            others = sorted({c.qualified for c in answering} - {component.qualified})
            if others:
                yield self._verdict(component.kind, word, others)

    def known(self) -> dict[str, str]:
        """Every name and alias, and the name it stands for."""
        shelves = (self._aliases, self._names)
        return {word: held[0].name for shelf in shelves for word, held in shelf.items() if held}

    def __iter__(self) -> Iterator[Component]:
        return (component for held in list(self._names.values()) for component in held)

    def _words(self, component: Component) -> Iterator[tuple[str, dict[str, list[Component]]]]:
        yield component.name, self._names
        for alias in {*component.spec.aliases}:
            yield alias, self._aliases

    def _answering(self, word: str) -> tuple[list[Component], list[Component]]:
        return self._names.get(word, []), self._aliases.get(word, [])

    def _verdict(self, kind: str, word: str, others: list[str]) -> str:
        meant = self.matches(Name(kind, None, word))
        if len({c.qualified for c in meant}) > 1:
            return f"{kind} {word!r} is also {', '.join(others)}"
        why = "is built in" if meant[0].origin.builtin else "is a name, which goes before an alias"
        return f"{kind} {word!r} {why}: alone it means {meant[0].qualified}"


def choose(name: Name, found: Sequence[Component]) -> Component:
    """The one component that a name means.

    Raises:
        AmbiguousComponent: Several distributions bring it, and no rule puts one first.
    """
    qualified = sorted({component.qualified for component in found})
    if len(qualified) == 1:
        return found[0]
    raise AmbiguousComponent(
        f"{len(qualified)} distributions bring {a_kind(name.kind)} called {name.bare!r}",
        mend=f"write {' or '.join(map(repr, qualified))}",
    )


def _fits(component: Component, name: Name) -> bool:
    return name.distribution in (None, component.origin.distribution)


def _builtin(components: Iterable[Component]) -> list[Component]:
    return [component for component in components if component.origin.builtin]
