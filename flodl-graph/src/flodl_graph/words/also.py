"""`also(m)`: a residual connection, the stream plus what a module makes of it (He et al. 2015)."""

from __future__ import annotations

from typing import ClassVar, final

from attrs import frozen

from flodl_graph.ir.node import Part, Sketch
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
        """The module, and the sum it goes into."""
        return Sketch("+", "circle", (Sketch(type(part).__name__),))
