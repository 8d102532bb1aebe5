"""A side branch, which must be named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, final

from flodl_graph.saying.half_said import AbstractHalfSaid
from flodl_graph.saying.named import tag_step, using_step

if TYPE_CHECKING:
    from flodl_graph.builder import FlowBuilder


@final
class Fork(AbstractHalfSaid):
    """A side branch. It can be given references, and must be named: nothing else could ever read it."""

    __slots__ = ()

    what: ClassVar[str] = "fork() opened a side branch"
    mend: ClassVar[str] = "tag() it first"

    def using(self, *tags: str, **renamed: str | Sequence[str]) -> Fork:
        """Hand tagged values to the side branch, as `FlowBuilder.using` does to a module."""
        return Fork(self._builder._then(using_step(tags, renamed)))

    def tag(self, name: str | None = None, **ports: str) -> FlowBuilder:
        """Name the side branch, and further outputs of its module; the stream goes on before it."""
        return self._builder._then(tag_step(name, ports))
