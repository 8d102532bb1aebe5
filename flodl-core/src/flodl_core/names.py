"""Names taken apart: kinds in singular and plural, and `[kind:][distribution/]name`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from attrs import frozen

from flodl_core.component import KINDS, NAME
from flodl_core.errors import UnknownComponent, UnknownKind, did_you_mean
from flodl_core.hookspecs import HOOKS
from flodl_core.policy import canonical

PLURALS: Mapping[str, str] = {hook.removeprefix("flodl_"): kind for hook, kind in HOOKS.items()}
"""What people call many of a kind (`"losses"`), and the kind (`"loss"`)."""


def kind_named(word: str) -> str:
    """The kind that a singular or plural word names.

    >>> kind_named("losses"), kind_named("loss")
    ('loss', 'loss')

    Raises:
        UnknownKind: There is none; with suggestions.
    """
    word = word.lower().replace("-", "_")
    if word in KINDS:
        return word
    if word in PLURALS:
        return PLURALS[word]
    mend = did_you_mean(word, [*PLURALS, *KINDS]) or f"kinds: {', '.join(PLURALS)}"
    raise UnknownKind(f"no kind of component is called {word!r}", mend=mend)


@final
@frozen
class Name:
    """A name taken apart: `[kind:][distribution/]name`."""

    kind: str
    distribution: str | None
    bare: str

    @classmethod
    def parse(cls, kind: str, text: str) -> Name:
        """Read a name where a component of `kind` is due.

        Raises:
            UnknownComponent: It is no name: a code path, say, or of another kind.
        """
        prefix, colon, rest = text.rpartition(":")
        distribution, slash, bare = rest.rpartition("/")
        readable = NAME.fullmatch(bare) or (bare.isidentifier() and bare.isascii())  # `LayerNorm` may be an alias
        if not readable or (colon and prefix not in KINDS):
            raise UnknownComponent(
                f"{text!r} is no component's name",
                mend="write [kind:][distribution/]name; only registered names are looked up, never code paths",
            )
        if colon and prefix != kind:
            raise UnknownComponent(f"{text!r} is a {prefix}, a {kind} is due", mend=f"flodl list {plural(kind)}")
        return cls(kind, canonical(distribution) if slash else None, bare)


def plural(kind: str) -> str:
    """What people call many of a kind: `"losses"` for `"loss"`."""
    return next(many for many, one in PLURALS.items() if one == kind)
