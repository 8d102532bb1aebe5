"""What a call leaves to be read: tagged values."""

from __future__ import annotations

from flodl_core import PathError
from torch import Tensor

from flodl_graph.abilities.recording import AbstractRecorded
from flodl_graph.observe.kept import check_tag, kept_value
from flodl_graph.observe.reduce import reduced


class AbstractObserved(AbstractRecorded):
    """A graph whose values are watched."""

    def observe(self, *tags: str) -> None:
        """Keep only these tagged values after a call; none: keep nothing, and free each value after its last use.

        Raises:
            PathError: There is no such tag.
        """
        for tag in tags:
            check_tag(self.ir, tag)
        self._observed, self.kept = tags, {}
        self._regenerate()

    def tagged(self, path: str) -> Tensor:
        """The value of a tag in the last call, with its gradient; a dotted path reaches into nested graphs.

        Raises:
            PathError: There is no such tag, it is internal to a nested graph, it is not observed, or there was no
                call yet.
        """
        parent, _, tag = path.rpartition(".")
        graph = self._graph_at(parent)
        if parent and tag in graph.ir.internal:
            raise PathError(f"tag {tag!r} is internal to {parent!r}", mend=f"ask {parent!r} itself, or make it public")
        return kept_value(graph.ir, graph.kept, graph._observed, tag)

    def collect(self, *paths: str, reduce: str | None = None, weight: float = 1.0) -> None:
        """Record tagged values of the last call under their own names. Nothing is waited for.

        Args:
            paths: Tags by dotted path, or tag groups.
            reduce: What makes one number of many: `"mean" "sum" "max" "min" "norm"`.
            weight: How much these values count in the mean of the epoch.

        Raises:
            PathError: There is no such tag, it is not observed, or there was no call yet.
            TrainingError: A value is not one number, and nobody said how to reduce it.
        """
        tags = [tag for path in paths for tag in self._group(path) or [path]]
        self.record({tag: reduced(tag, self.tagged(tag), reduce) for tag in tags}, weight=weight)

    tagged_at, collect_at = tagged, collect  # what floDl calls them
