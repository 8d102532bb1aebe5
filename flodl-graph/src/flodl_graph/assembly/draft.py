"""A graph while its names are still open: what is known after the words are read."""

from __future__ import annotations

from typing import Any, TypeAlias, final

from attrs import define, field, frozen
from flodl_core import FlodlError
from flodl_core.where import Where

from flodl_graph.ir.node import AbstractNode, Part
from flodl_graph.ir.steps import Label


@final
@define(eq=False)
class Draft:
    """A node to be. Two drafts are equal when they are the same one.

    Args:
        counted: The name it gets if nothing else names it.
        results: Names of what its module returns, the stream first; empty: one value.
        on_demand: Whether it returns the further ones only when asked.
        refs: What `using` gives it; a keyword that stands several times takes a tuple.
    """

    node: type[AbstractNode]
    fields: dict[str, Any]
    part: Part
    counted: str
    results: tuple[str, ...]
    on_demand: bool
    streams: list[Slot]
    where: Where
    refs: list[RefDraft] = field(factory=list)
    name: str = ""


@final
@frozen
class Port:
    """A further output of a draft's module."""

    draft: Draft
    name: str


Slot: TypeAlias = "str | Draft | Port"
"""A value before names are final: a parameter of `forward` ("" is the first), a node, or a node's further output."""

STREAM_IN: Slot = ""


@final
@frozen
class RefDraft:
    """A reference of a node.

    Args:
        word: The keyword.
        slot: What the tag named when the reference was said; None: nothing yet.
    """

    word: str
    tag: str
    slot: Slot | None
    where: Where


@final
@frozen
class TagDraft:
    """A tag, and what it names."""

    name: str
    slot: Slot
    where: Where


@final
@define
class Plan:
    """Everything the words said.

    Args:
        streams: The open ones.
        groups: Tag groups: name, tags, line.
        internal: Tags that nobody outside may read, each with the line that says so.
    """

    drafts: list[Draft] = field(factory=list)
    streams: list[Slot] = field(factory=lambda: [STREAM_IN])
    inputs: list[str] = field(factory=list)
    tags: list[TagDraft] = field(factory=list)
    groups: list[tuple[str, tuple[str, ...], Where]] = field(factory=list)
    internal: list[tuple[str, Where]] = field(factory=list)
    label: Label | None = None
    errors: list[FlodlError] = field(factory=list)

    def tagged(self, name: str) -> Slot | None:
        """What a tag names, if it is there."""
        return next((tag.slot for tag in self.tags if tag.name == name), None)
