"""What a call leaves to be read: tagged values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from flodl_core import PathError
from flodl_core.paths import check_path
from torch import Tensor

from flodl_graph.abilities.family import AbstractFamily
from flodl_graph.abilities.recording import AbstractRecorded
from flodl_graph.observe.kept import check_tag, kept_value
from flodl_graph.observe.reduce import reduced

Reduction: TypeAlias = Literal["mean", "sum", "max", "min", "norm"]
"""What makes one number of many."""


class AbstractObserved(AbstractRecorded):
    """A graph whose values are watched."""

    def observe(self, *paths: str) -> None:
        """Keep only these tagged values after a call; none: keep nothing, and free each value after its last use.

        Args:
            paths: Tags, or tag groups; a dotted path narrows the nested graph that it leads to.

        Raises:
            PathError: There is no such tag, or it is internal to a nested graph; nothing has changed.
        """
        chosen: dict[AbstractFamily, list[str]] = {self: []}
        for path in self._each_tag(paths):
            graph, tag = self._tag_owner(path)
            check_tag(graph.ir, tag)
            chosen.setdefault(graph, []).append(tag)
        for graph, tags in chosen.items():
            graph._observed, graph.kept = tuple(tags), {}
            graph._regenerate()

    def tagged(self, path: str) -> Tensor:
        """The value of a tag in the last call, with its gradient; a dotted path reaches into nested graphs.

        Raises:
            PathError: There is no such tag, it is internal to a nested graph, it is not observed, or there was no
                call yet.
        """
        graph, tag = self._tag_owner(path)
        return kept_value(graph.ir, graph.kept, graph._observed, tag)

    def collect(self, *paths: str, reduce: Reduction | None = None, weight: float = 1.0) -> None:
        """Record tagged values of the last call under their own names. Nothing is waited for.

        Args:
            paths: Tags by dotted path, or tag groups.
            reduce: What makes one number of many: `"mean" "sum" "max" "min" "norm"`.
            weight: How much these values count in the mean of the epoch.

        Raises:
            PathError: There is no such tag, it is not observed, or there was no call yet.
            TrainingError: A value is not one number, and nobody said how to reduce it.
        """
        self.record({tag: reduced(tag, self.tagged(tag), reduce) for tag in self._each_tag(paths)}, weight=weight)

    tagged_at, collect_at = tagged, collect  # what floDl calls them

    def _each_tag(self, paths: Iterable[str]) -> list[str]:
        """Dotted tags; a tag group as its members."""
        return [tag for path in paths for tag in self._group(path) or [path]]

    def _tag_owner(self, path: str) -> tuple[AbstractFamily, str]:
        """The graph that a dotted tag belongs to, and the tag's name there."""
        check_path(path)
        parent, _, tag = path.rpartition(".")
        graph = self._graph_at(parent)
        if parent and tag in graph.ir.internal:
            raise PathError(f"tag {tag!r} is internal to {parent!r}", mend=f"ask {parent!r} itself, or make it public")
        return graph, tag
