"""A graph for the eye."""

from __future__ import annotations

from os import PathLike

from flodl_core import UsageError

from flodl_graph.abilities.family import AbstractFamily
from flodl_graph.render.arrange import arrange
from flodl_graph.render.compose import Known, compose
from flodl_graph.render.dot import dot
from flodl_graph.render.drawing import Box
from flodl_graph.render.file import write_drawing
from flodl_graph.render.summary import summary
from flodl_graph.render.svg import svg
from flodl_graph.run.noted import of_kept
from flodl_graph.run.profiled import Profile


class AbstractDrawn(AbstractFamily):
    """A graph that shows itself."""

    def summary(self, *, depth: int | None = None) -> str:
        """A table of the parts: what each is and reads, the shape it makes where `check` has found it, its parameters.

        Args:
            depth: How many levels inside a part are listed: 0 none; left out: all.
        """
        return summary(self.ir, self._parts(), self._drawing(depth, None))

    def svg(
        self, path: str | PathLike[str] | None = None, *, depth: int | None = None, profile: Profile | None = None
    ) -> str:
        """A drawing as SVG: boxes for nodes, frames for what is inside others, arrows for values.

        It is one self-contained file, light and dark as the reader's system is. A page that holds it
        may set `data-theme="dark"` above it, or any of its colours: `--flodl-paper`, `--flodl-ink`, ...
        Each element has a `data-path`. After `check`, values have shapes.

        Args:
            path: The file to write; left out: none.
            depth: How many levels of frames are unfolded: 0 none; left out: all.
            profile: What `profile` found: the hotter a box, the longer it takes.

        Returns:
            The text of the file.

        Raises:
            UsageError: The file cannot be written.
        """
        top = self._drawing(depth, profile)
        arrange(top)
        text = svg(top, legend=_legend(profile))
        if path is not None:
            write_drawing(path, text)
        return text

    def dot(self, *, depth: int | None = None, profile: Profile | None = None) -> str:
        """The same drawing in the language of Graphviz, which then places it.

        Args: as for `svg`.
        """
        return dot(self._drawing(depth, profile))

    def _drawing(self, depth: int | None, profile: Profile | None) -> Box:
        _check_depth(depth)
        heat = {} if profile is None else profile.heat
        notes = {} if profile is None else {row.path: (_times(row.forward, row.backward),) for row in profile}
        return compose(self, self.ir, Known(self._known_shapes(), heat, notes, depth))

    def _known_shapes(self) -> dict[str, str]:
        """Shapes that `check` found; else, of tagged values, those of the last call."""
        called: dict[str, str] = {}
        for prefix, graph in self._family():
            called |= of_kept(prefix, graph.ir.tags, graph.kept)
        return {**called, **self._shapes}


def _check_depth(depth: object) -> None:
    if depth is not None and (not isinstance(depth, int) or depth < 0):
        raise UsageError(f"depth is a number of levels, got {depth!r}", mend="depth=0 folds all up; without it, none")


def _times(forward: float, backward: float) -> str:
    return f"{forward:.2f} + {backward:.2f} ms" if backward else f"{forward:.2f} ms"


def _legend(profile: Profile | None) -> tuple[str, str] | None:
    if profile is None or not profile.rows:
        return None
    row = profile.hottest
    return "0 ms", f"{row.total:.2f} ms: {row.path}, forward + backward"
