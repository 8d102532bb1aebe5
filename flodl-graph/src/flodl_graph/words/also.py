"""`also(m)`: a residual connection, the stream plus what a module makes of it (He et al. 2015)."""

from __future__ import annotations

from typing import ClassVar, final

from attrs import frozen

from flodl_graph.ir.node import Part
from flodl_graph.ir.sketch import Link, Sketch
from flodl_graph.words.inside import noun, shown
from flodl_graph.words.single import AbstractSingle


@final
@frozen(kw_only=True)
class Also(AbstractSingle):
    """The stream becomes `stream + m(stream)`."""

    word: ClassVar[str] = "also"

    def expression(self, call: str, streams: tuple[str, ...]) -> str:
        """The sum, with the stream first."""
        return f"{streams[0]} + {call}"

    def sketch(self, part: Part) -> Sketch:
        """The module, and the sum that the stream goes round it to; no frame."""
        links = (Link("", "."), Link("", "+"), Link(".", "+"), Link("+", ""))
        plus = Sketch("+", "circle", "join", name="+")
        return Sketch(noun(part), inner=(shown(part, addressed=True), plus), links=links, framed=False)
