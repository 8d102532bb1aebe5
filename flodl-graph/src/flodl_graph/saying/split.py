"""Open branches, which must be merged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, final

from flodl_core import Reference

from flodl_graph.saying.half_said import AbstractHalfSaid
from flodl_graph.saying.named import tag_group_step, using_step
from flodl_graph.saying.said import recipe, word_step

if TYPE_CHECKING:
    from flodl_graph.builder import FlowBuilder


@final
class Split(AbstractHalfSaid):
    """Open branches. They can be named and given references, and must be merged to go on."""

    __slots__ = ()

    what: ClassVar[str] = "split() opened branches"
    mend: ClassVar[str] = "merge() them first"

    def using(self, *tags: str, **renamed: str | Sequence[str]) -> Split:
        """Hand tagged values to every branch, as `FlowBuilder.using` does to one module."""
        return Split(self._builder._then(using_step(tags, renamed)))

    def tag_group(self, name: str) -> Split:
        """Name the branches `name_0`, `name_1`, ..."""
        return Split(self._builder._then(tag_group_step(name)))

    def merge(self, op: Reference, *args: Any, **kwargs: Any) -> FlowBuilder:
        """Join the branches, in order: `.merge("mean")`, `.merge("cat", dim=1)`.

        Args:
            op: A registered merge op, a ref to one, or any function of the branches.
            args: Arguments of its factory, when it is given by name.
            kwargs: Keyword arguments of its factory, likewise.
        """
        return self._builder._then(word_step("merge", (recipe(op, args, kwargs),), {}))
