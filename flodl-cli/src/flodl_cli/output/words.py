"""Counts and lists as a sentence has them."""

from __future__ import annotations

from collections.abc import Sequence

from flodl_core.names import plural


def counted(number: int, one: str) -> str:
    """A number of things.

    >>> counted(1, "problem"), counted(3, "problem")
    ('1 problem', '3 problems')
    """
    return f"{number} {one if number == 1 else one + 's'}"


def counted_kind(number: int, kind: str) -> str:
    """A number of components of a kind.

    >>> counted_kind(1, "loss"), counted_kind(2, "merge_op")
    ('1 loss', '2 merge ops')
    """
    return f"{number} {kind.replace('_', ' ') if number == 1 else many(kind)}"


def many(kind: str) -> str:
    """Components of a kind.

    >>> many("merge_op")
    'merge ops'
    """
    return plural(kind).replace("_", " ")


def some(names: Sequence[str], most: int = 6) -> str:
    """The first of many names, and how many there are besides.

    >>> some(["relu", "gelu", "tanh"], most=2)
    'relu, gelu and 1 more'
    """
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
