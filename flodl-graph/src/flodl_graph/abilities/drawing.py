"""A graph for the eye."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from flodl_graph.abilities.family import AbstractFamily
from flodl_graph.render.arrange import arrange
from flodl_graph.render.compose import Known, compose
from flodl_graph.render.summary import summary
from flodl_graph.render.svg import svg


class AbstractDrawn(AbstractFamily):
    """A graph that shows itself."""

    def summary(self) -> str:
        """A table of the parts and their parameters."""
        return summary(self.ir, self._parts())

    def svg(self, path: str | PathLike[str] | None = None, *, depth: int | None = None) -> str:
        """A picture."""
        top = compose(self, self.ir, Known(depth=depth))
        arrange(top)
        text = svg(top)
        if path is not None:
            Path(path).write_text(text)
        return text
