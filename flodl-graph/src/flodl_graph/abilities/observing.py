"""What a call and an epoch leave to be read: tagged values, recorded means."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from flodl_graph.abilities.family import AbstractFamily
from flodl_graph.observe.kept import check_tag, kept_value


class AbstractObserved(AbstractFamily):
    """A graph whose values and metrics are watched."""

    def observe(self, *tags: str) -> None:
        """Keep only these tagged values after a call; none: keep nothing, and free each value after its last use.

        Raises:
            PathError: There is no such tag.
        """
        for tag in tags:
            check_tag(self.ir, tag)
        self.observed, self.kept = tags, {}
        self._regenerate()

    def tagged(self, path: str) -> Tensor:
        """The value of a tag in the last call, with its gradient; a dotted path reaches into nested graphs.

        Raises:
            PathError: There is no such tag, it is not observed, or there was no call yet.
        """
        parent, _, tag = path.rpartition(".")
        graph = self._graph_at(parent)
        return kept_value(graph.ir, graph.kept, graph.observed, tag)

    def record(
        self,
        name: str | Mapping[str, float | Tensor],
        value: float | Tensor | None = None,
        *,
        prefix: str = "",
        weight: float = 1.0,
    ) -> None:
        """Add numbers to this epoch's means: `record("loss", loss)` or `record({"loss": loss, "acc": acc})`.

        Args:
            name: One name, or a mapping of names to values.
            value: The value of the one name: a float, or a tensor of one element, which is not waited for.
            prefix: Goes before every name: `"val_"`.
            weight: How much these values count in the mean, such as the rows of the batch.

        Raises:
            TrainingError: A value is no number, or the weight is not above 0.
        """
        values = name if isinstance(name, Mapping) else {name: value}
        self.recorder.record({prefix + key: item for key, item in values.items()}, weight=weight)  # type: ignore[misc]

    def flush(self) -> dict[str, float]:
        """Close the running means, of nested graphs too, as points of this epoch."""
        return {
            prefix + key: mean
            for prefix, graph in self._family()
            for key, mean in graph.recorder.flush(self.epoch).items()
        }

    def latest_metrics(self) -> dict[str, float]:
        """Dotted name and last mean of everything recorded so far, nested graphs' too."""
        latest = ((prefix, graph.recorder.latest()) for prefix, graph in self._family())
        return {prefix + key: mean for prefix, means in latest for key, mean in means.items()}

    def end_epoch(self) -> dict[str, float]:
        """Flush, count the epoch, and return the latest metrics."""
        self.flush()
        epoch = self.epoch + 1
        for _, graph in self._family():
            graph.epoch = epoch
        return self.latest_metrics()
