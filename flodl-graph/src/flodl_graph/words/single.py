"""What words of one module have in common: it is taken as it is, and names the node."""

from __future__ import annotations

from typing import Any, ClassVar

from attrs import frozen

from flodl_graph.ir.node import AbstractNode, Part
from flodl_graph.ir.sketch import Sketch
from flodl_graph.words.inside import shown


@frozen(kw_only=True)
class AbstractSingle(AbstractNode):
    """A node that calls the module it was given."""

    noun: ClassVar[str | None] = None

    @classmethod
    def from_words(cls, module: Part) -> tuple[dict[str, Any], Part]:
        """Take the module as it is."""
        return {}, module

    def sketch(self, part: Part) -> Sketch:
        """A box with the module's class."""
        return shown(part)
