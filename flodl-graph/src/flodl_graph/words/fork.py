"""`fork(m)`: a side branch; the stream goes on as if it were not there."""

from __future__ import annotations

from typing import Any, ClassVar, final

from attrs import frozen

from flodl_graph.ir.node import AbstractNode, Effect, Part, Sketch


@final
@frozen(kw_only=True)
class Fork(AbstractNode):
    """`m(stream)`, beside the stream; the tag that must follow names it."""

    word: ClassVar[str] = "fork"
    effect: ClassVar[Effect] = "side"
    noun: ClassVar[str | None] = None

    @classmethod
    def from_words(cls, module: Part) -> tuple[dict[str, Any], Part]:
        """Take the module as it is."""
        return {}, module

    def sketch(self, part: Part) -> Sketch:
        """A box with the module's class."""
        return Sketch(type(part).__name__)
