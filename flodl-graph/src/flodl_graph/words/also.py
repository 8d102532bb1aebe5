"""`also(m)`: a residual connection, the stream plus what a module makes of it (He et al. 2015)."""

from __future__ import annotations

from typing import Any, ClassVar, final

from attrs import frozen
from torch import Tensor, nn

from flodl_graph.ir.node import Part
from flodl_graph.ir.sketch import Link, Sketch
from flodl_graph.part import as_module, stream_of
from flodl_graph.words.inside import noun, shown
from flodl_graph.words.single import AbstractSingle


@final
class ResidualModule(nn.Module):
    """What a skip path makes of the stream, plus what a body makes of it."""

    def __init__(self, body: Part, skip: Part) -> None:
        super().__init__()
        self.body, self.skip = as_module(body), as_module(skip)

    def forward(self, x: Tensor, **refs: Any) -> Tensor:
        """Add. Shapes: both paths give the same, or what broadcasts."""
        total: Tensor = stream_of(self.skip(x)) + stream_of(self.body(x, **refs))
        return total


@final
@frozen(kw_only=True)
class Also(AbstractSingle):
    """The stream becomes `stream + m(stream)`, or `skip(stream) + m(stream)`. `using` speaks to `m`."""

    word: ClassVar[str] = "also"

    skips: bool

    @classmethod
    def from_words(cls, module: Part, skip: Part | None = None) -> tuple[dict[str, Any], Part]:
        """A module, and what the stream passes on its way round it."""
        return {"skips": skip is not None}, module if skip is None else ResidualModule(module, skip)

    @classmethod
    def addressed(cls, part: Any) -> Part:
        """The module."""
        body: Part = part.body if isinstance(part, ResidualModule) else part
        return body

    def expression(self, call: str, streams: tuple[str, ...]) -> str:
        """The sum, with the stream first."""
        return call if self.skips else f"{streams[0]} + {call}"

    def sketch(self, part: Any) -> Sketch:
        """The module, and the sum that the stream goes round it to; without a frame, unless there are two modules."""
        plus = Sketch("+", "circle", "join", name="+")
        if self.skips:
            body, skip = shown(part.body, "body", addressed=True), shown(part.skip, "skip")
            ways = (Link("", "body"), Link("", "skip"), Link("body", "+"), Link("skip", "+"), Link("+", ""))
            return Sketch("two ways, added", inner=(body, skip, plus), links=ways)
        links = (Link("", "."), Link("", "+"), Link(".", "+"), Link("+", ""))
        return Sketch(noun(part), inner=(shown(part, addressed=True), plus), links=links, framed=False)
