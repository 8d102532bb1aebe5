"""Names taken apart: kinds in singular and plural, and `[kind:][distribution/]name`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import final

from attrs import frozen

from flodl_core.component import KINDS
from flodl_core.errors import UnknownComponent, UnknownKind, did_you_mean
from flodl_core.guard import shown
from flodl_core.hookspecs import HOOKS
from flodl_core.policy import canonical

PLURALS: Mapping[str, str] = {hook.removeprefix("flodl_"): kind for hook, kind in HOOKS.items()}
"""What people call many of a kind (`"losses"`), and the kind (`"loss"`)."""

_NAME = re.compile(r"((?P<kind>[a-z_]+):)?((?P<distribution>[A-Za-z0-9][A-Za-z0-9._-]*)/)?(?P<bare>[A-Za-z0-9_-]+)")


def kind_named(word: object) -> str:
    """The kind that a singular or plural word names.

    >>> kind_named("losses"), kind_named("loss")
    ('loss', 'loss')

    Raises:
        UnknownKind: There is none; with suggestions.
    """
    plain = word.lower().replace("-", "_") if isinstance(word, str) else ""
    if plain in KINDS:
        return plain
    if plain in PLURALS:
        return PLURALS[plain]
    mend = (
        did_you_mean(plain, [*PLURALS, *KINDS], meaning={one: many for many, one in PLURALS.items()})
        or f"kinds: {', '.join(PLURALS)}"
    )
    raise UnknownKind(f"no kind of component is called {shown(word)}", mend=mend)


@final
@frozen
class Name:
    """A name taken apart: `[kind:][distribution/]name`."""

    kind: str
    distribution: str | None
    bare: str

    @classmethod
    def parse(cls, kind: str, text: object) -> Name:
        """Read a name where a component of `kind` is due.

        >>> Name.parse("loss", "Acme_Losses/focal")
        Name(kind='loss', distribution='acme-losses', bare='focal')

        Raises:
            UnknownComponent: It is no name: a code path, say, or of another kind.
        """
        parts = _NAME.fullmatch(text) if isinstance(text, str) else None
        if parts is None or parts["kind"] not in (None, *KINDS):
            raise UnknownComponent(
                f"{shown(text)} is no component's name",
                mend="write [kind:][distribution/]name; only registered names are looked up, never code paths",
            )
        if parts["kind"] not in (None, kind):
            raise UnknownComponent(
                f"{shown(text)} is {a_kind(parts['kind'])}, {a_kind(kind)} is due", mend=f"flodl list {plural(kind)}"
            )
        distribution = parts["distribution"]
        return cls(kind, canonical(distribution) if distribution else None, parts["bare"])


def kind_due(name: str, kind: str) -> str:
    """The kind in which a name is looked up where `kind` is due in a flow.

    An op, said with its kind, may stand where a module or a merge op is due.

    >>> kind_due("op:softmax", "module"), kind_due("softmax", "module"), kind_due("op:softmax", "loss")
    ('op', 'module', 'loss')
    """
    return "op" if kind in ("module", "merge_op") and name.startswith("op:") else kind


def a_kind(kind: str) -> str:
    """A kind in a sentence.

    >>> a_kind("merge_op"), a_kind("op")
    ('a merge op', 'an op')
    """
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind.replace('_', ' ')}"


def plural(kind: str) -> str:
    """What people call many of a kind: `"losses"` for `"loss"`."""
    return next(many for many, one in PLURALS.items() if one == kind)
