"""What makes a graph well formed, as a table of rules. Each yields what it finds; all are asked."""

from __future__ import annotations

import keyword
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from attrs import frozen
from flodl_core.errors import BuildError, ShapeError, did_you_mean
from flodl_core.where import Where


@frozen
class Given:
    """A name that the user gave, what it names, and the line."""

    role: str  # "tag", "label", "input"
    name: str
    where: Where


@frozen
class Names:
    """All names of a graph, before they are used.

    Args:
        given: By the user.
        counted: Made by counting: `linear_1`.
        reserved: Attributes that every graph has, and names that its code uses.
    """

    given: tuple[Given, ...]
    counted: tuple[str, ...]
    reserved: Collection[str]


Rule = Callable[[Names], Iterator[BuildError]]


def identifiers(names: Names) -> Iterator[BuildError]:
    """A name becomes an attribute, a variable and a part of dotted paths."""
    for given in names.given:
        if not given.name.isidentifier() or keyword.iskeyword(given.name):
            yield BuildError(
                f"{given.role} {given.name!r} is no identifier",
                where=given.where,
                mend="letters, digits and _, no digit first, no dot and no Python keyword",
            )
        elif (plain := unicodedata.normalize("NFKC", given.name)) != given.name:
            yield BuildError(
                f"{given.role} {given.name!r} reads as {plain!r} in Python", where=given.where, mend=f"write {plain!r}"
            )


def unreserved(names: Names) -> Iterator[BuildError]:
    """`graph.train` must stay a method, `self` a graph."""
    for given in names.given:
        if given.name in names.reserved:
            yield BuildError(
                f"{given.role} {given.name!r} is a name that every graph needs itself",
                where=given.where,
                mend=f"another name, such as {given.name + '_out'!r}",
            )


def unused(names: Names) -> Iterator[BuildError]:
    """Two values cannot answer to one name."""
    counts = Counter(given.name for given in names.given if given.role != "label")
    told: set[str] = set()
    for given in names.given:
        if given.role == "label":
            continue
        if given.name in names.counted:
            yield BuildError(
                f"{given.role} {given.name!r} is already the name of an untagged node",
                where=given.where,
                mend="tag that node too, or take another name",
            )
        if counts[given.name] > 1 and given.name in told:
            yield BuildError(
                f"{given.role} {given.name!r} is given twice", where=given.where, mend="two names for two values"
            )
        told.add(given.name)


NAME_RULES: tuple[Rule, ...] = (identifiers, unreserved, unused)


def faults(names: Names) -> list[BuildError]:
    """Everything the rules find."""
    return [fault for rule in NAME_RULES for fault in rule(names)]


def unknown_tag(word: str, tag: str, known: Iterable[str], where: Where | None = None) -> BuildError:
    """The error for a `using` or an `at` that names nothing."""
    known = sorted(known)
    mend = did_you_mean(tag, known) or f"tags so far: {', '.join(known) or 'none'}"
    return BuildError(f"{word}({tag!r}) names no tag and no input", where=where, mend=mend)


def unfit_inputs(inputs: Sequence[str], positional: int, named: Collection[str]) -> ShapeError | None:
    """The error for a call whose inputs are too many, too few or of other names; None for one that fits.

    Args:
        inputs: What the graph takes.
        positional: How many are given by position.
        named: Those that are given by name.
    """
    mend = f"its inputs: {', '.join(inputs)}"
    unknown = [name for name in named if name not in inputs and name != "wanted"]
    if unknown:
        return ShapeError(f"the graph has no input {unknown[0]!r}", mend=did_you_mean(unknown[0], inputs) or mend)
    if positional > len(inputs):
        number = f"{len(inputs)} input{'s' if len(inputs) > 1 else ''}"
        return ShapeError(f"the graph takes {number}, got {positional}", mend=mend)
    twice = [name for name in inputs[:positional] if name in named]
    missing = [name for name in inputs[positional:] if name not in named]
    if twice:
        return ShapeError(f"the graph is given its input {twice[0]!r} twice", mend="once: by position or by name")
    if missing:
        return ShapeError(f"the graph needs its input {' and '.join(map(repr, missing))}", mend=mend)
    return None
