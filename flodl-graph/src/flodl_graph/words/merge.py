"""`merge(op)`: join all open branches, and what `using` names, into one stream."""

from __future__ import annotations

from typing import Any, ClassVar, final

from attrs import frozen

from flodl_graph.ir.node import AbstractNode, Effect, MergeOp, Part
from flodl_graph.ir.sketch import Sketch
from flodl_graph.words.inside import noun


@final
@frozen(kw_only=True)
class Merge(AbstractNode):
    """The stream becomes `op(branch, branch, ...)`, in the order of the split, then of `using`."""

    word: ClassVar[str] = "merge"
    effect: ClassVar[Effect] = "join"
    noun: ClassVar[str | None] = None

    @classmethod
    def from_words(cls, op: MergeOp) -> tuple[dict[str, Any], Part]:
        """Take the op as it is."""
        return {}, op

    def sketch(self, part: Part) -> Sketch:
        """A pill with the op's name."""
        return Sketch(noun(part), "pill", "join")
