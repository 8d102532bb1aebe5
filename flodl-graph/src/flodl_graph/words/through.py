"""`through(m)`: pass the stream on through one module."""

from __future__ import annotations

from typing import Any, ClassVar, final

from attrs import frozen

from flodl_graph.ir.node import AbstractNode, Part, Sketch


@final
@frozen(kw_only=True)
class Through(AbstractNode):
    """The stream becomes `m(stream)`."""

    word: ClassVar[str] = "through"
    noun: ClassVar[str | None] = None

    @classmethod
    def from_words(cls, module: Part) -> tuple[dict[str, Any], Part]:
        """Take the module as it is."""
        return {}, module

    def sketch(self, part: Part) -> Sketch:
        """A box with the module's class."""
        return Sketch(type(part).__name__)
