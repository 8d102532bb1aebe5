"""A graph for the eye."""

from __future__ import annotations

from flodl_graph.abilities.family import AbstractFamily
from flodl_graph.render.summary import summary


class AbstractDrawn(AbstractFamily):
    """A graph that shows itself."""

    def summary(self) -> str:
        """A table of the parts and their parameters."""
        return summary(self.ir, self._parts())
