"""A map's body, which must be told what it is applied to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, final

from flodl_graph.saying.half_said import AbstractHalfSaid
from flodl_graph.saying.named import at_step
from flodl_graph.saying.said import Module, word_step

if TYPE_CHECKING:
    from flodl_graph.builder import FlowBuilder
    from flodl_graph.saying.chain import AbstractChain


@final
class MapBody(AbstractHalfSaid):
    """A map that has yet to be told over what it goes."""

    __slots__ = ("_batched", "_body")

    _body: Module
    _batched: bool
    what: ClassVar[str] = "map() begins a map"
    mend: ClassVar[str] = "say each(), over() or slices() first"

    def __init__(self, builder: AbstractChain, body: Module, *, batched: bool = False) -> None:
        super().__init__(builder)
        object.__setattr__(self, "_body", body)
        object.__setattr__(self, "_batched", batched)

    def batched(self) -> MapBody:
        """Give the module everything at once: it treats rows alike, you promise."""
        return MapBody(self._builder, self._body, batched=True)

    def each(self) -> FlowBuilder:
        """Over the elements of the first dimension, each kept as a batch of one."""
        return self._map(self._builder)

    def over(self, tag: str) -> FlowBuilder:
        """Over the elements of a tagged value; the stream goes on from the result."""
        return self._map(self._builder._then(at_step(tag, "over")))

    def slices(self, n: int) -> FlowBuilder:
        """Over `n` equal slices of the last dimension."""
        return self._map(self._builder, slices=n)

    def _map(self, builder: AbstractChain, **options: Any) -> FlowBuilder:
        return builder._then(word_step("map", (self._body,), {**options, "batched": self._batched}))
