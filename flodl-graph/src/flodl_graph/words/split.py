"""`split(a, b, ...)`: feed the stream to several modules, one open branch each."""

from __future__ import annotations

from typing import Any, ClassVar, final

from attrs import frozen

from flodl_graph.ir.node import AbstractNode, Effect, Part, Sketch


@final
@frozen(kw_only=True)
class Branch(AbstractNode):
    """One branch of a split: `m(stream)`, beside the others."""

    word: ClassVar[str] = "split"
    effect: ClassVar[Effect] = "branch"
    noun: ClassVar[str | None] = None

    @classmethod
    def from_words(cls, module: Part) -> tuple[dict[str, Any], Part]:
        """Take the module as it is."""
        return {}, module

    def sketch(self, part: Part) -> Sketch:
        """A box with the module's class."""
        return Sketch(type(part).__name__)
