"""Numbers by dotted name: recorded in the graph they belong to, flushed together, read as trends."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from flodl_core import PathError, TrainingError
from flodl_core.capture import host_work
from flodl_core.errors import did_you_mean
from flodl_core.paths import check_path, is_glob
from flodl_core.trends import Trend, TrendGroup
from flodl_core.trends.ledger import matching, trend_of, unrecorded
from flodl_core.trends.trend import Goal
from torch import Tensor

from flodl_graph.abilities.family import AbstractFamily
from flodl_graph.observe import clock
from flodl_graph.observe.export import time_left, write_csv, write_log
from flodl_graph.observe.recorder import checked, checked_name, checked_prefix, checked_weight, flush
from flodl_graph.tree.paths import resolved_name

_INFINITE = math.inf


class AbstractRecorded(AbstractFamily):
    """A graph that keeps the numbers of its training.

    A dotted name belongs to the graph that its beginning leads to: `"encoder.scan.loss"` is the `loss` of the graph
    at `encoder.scan`, whoever records it.
    """

    def record(
        self,
        name: str | Mapping[str, float | Tensor],
        value: float | Tensor | Sequence[float | Tensor] | None = None,
        *,
        prefix: str = "",
        weight: float = 1.0,
    ) -> None:
        """Add numbers to this epoch's means: `record("loss", loss)` or `record({"loss": loss, "encoder.acc": acc})`.

        Args:
            name: One name, or a mapping of names to values.
            value: The value of the one name: a float, or a tensor of one element, which is not waited for. Of a tag
                group: one value per tag.
            prefix: Goes before every name: `"val_"`.
            weight: How much these values count in the mean, such as the rows of the batch.

        Raises:
            TrainingError: A value is no number, or the weight is not above 0.
            PathError: A dotted name leads to no part.
        """
        host_work("record() adds up on the host: return (loss, {...}) from the objective, and record that")
        if type(weight) is not float or not 0.0 < weight < _INFINITE:
            weight = checked_weight(weight)
        if type(value) is Tensor and value.is_cpu:  # there is nothing to wait for
            value = checked(f"{prefix}{name}", value)
        if type(value) is float and type(name) is str and not prefix:  # what stands in the innermost loop
            mean = self._recorder.routes.get(name)
            if mean is not None:
                mean.total += value * weight
                mean.weight += weight
                return
        given = name if type(name) is dict and value is None else self._table(name, value)
        if self._recorder.add_floats(given, prefix, weight):
            return
        checked_prefix(prefix)
        numbers = {name: checked(name, item) for key, item in given.items() for name in [prefix + checked_name(key)]}
        routes = self._recorder.routes
        for key in numbers:
            if key not in routes:
                self._route(key)
        for key, number in numbers.items():
            routes[key].add(number, weight)

    def flush(self, *paths: str) -> dict[str, float]:
        """Close the running means, of nested graphs too, as points of this epoch; of these names alone if any.

        Flushing again in the same epoch makes no second point: the point is the mean of all that was recorded in it.

        Returns:
            Dotted name and mean of what has been recorded since the last flush.

        Raises:
            PathError: Nothing is recorded under one of the names; with the nearest.
        """
        wanted = set(self._recorded_as(paths)) if paths else None
        recorders = {prefix: graph._recorder for prefix, graph in self._family()}
        means = {
            (prefix, name): mean
            for prefix, recorder in recorders.items()
            for name, mean in recorder.means.items()
            if mean.weight > 0 and (wanted is None or prefix + name in wanted)
        }
        for recorder in recorders.values():
            recorder.routes.clear()
        return flush(self.epoch, means, recorders)

    def latest_metrics(self) -> dict[str, float]:
        """Dotted name and last mean of everything recorded so far, nested graphs' too."""
        latest = ((prefix, graph._recorder.latest()) for prefix, graph in self._family())
        return {prefix + key: mean for prefix, means in latest for key, mean in means.items()}

    def running_metrics(self) -> dict[str, float]:
        """Dotted name and mean so far, nested graphs' too, of what no device has to be waited for.

        Another thread may ask, one that shows how an epoch goes.
        """
        running = ((prefix, graph._recorder.running()) for prefix, graph in self._family())
        return {prefix + key: mean for prefix, means in running for key, mean in means.items()}

    def end_epoch(self) -> dict[str, float]:
        """Flush, count the epoch, and return the latest metrics."""
        self.flush()
        self._recorder.clock.lap(self.epoch)
        epoch = self.epoch + 1
        for _, graph in self._family():
            graph.epoch = epoch
            graph._recorder.next_epoch()
        return self.latest_metrics()

    def trend(self, path: str, *, goal: Goal = "min") -> Trend:
        """What was recorded under a name, a point per epoch: `graph.trend("encoder.loss").stalled(10)`.

        Args:
            goal: `"max"` where higher is better.

        Raises:
            PathError: Nothing is recorded under this name; with the nearest.
        """
        owner, name = self._owner(path)
        points = owner._recorder.points(name)
        if points is None:
            raise unrecorded(path, dict.fromkeys(self._recorded()))
        return trend_of(points, goal, path)

    def trends(self, *paths: str, goal: Goal = "min") -> TrendGroup:
        """Several at once: names, tag groups (`trends("head")`), globs (`trends("*.loss")`).

        Raises:
            PathError: Nothing is recorded under one of them; with the nearest.
        """
        names = dict.fromkeys(name for path in paths for name in self._names(path))
        return TrendGroup(self.trend(name, goal=goal) for name in names)

    def timing_trend(self) -> Trend:
        """Seconds that each epoch took, from the first number recorded in it or the end of the one before."""
        return trend_of(self._recorder.clock.points, "min", clock.NAME)

    def reset_trend(self, *paths: str) -> None:
        """Forget what was recorded under names, tag groups or globs; of none: everything, durations too.

        Raises:
            PathError: Nothing is recorded under one of them; with the nearest.
        """
        for name in self._recorded_as(paths) if paths else self._recorded():
            owner, own = self._owner(name)
            owner._recorder.forget([own])
        if not paths:
            self._recorder.clock = clock.Clock()
        self._recorder.routes.clear()

    def eta(self, total: int) -> float:
        """Seconds that the rest of `total` epochs will take, at the mean pace so far; 0 before the first has ended."""
        return time_left(self.timing_trend().values, total)

    def export_trends(self, path: str | os.PathLike[str], names: Sequence[str] = ()) -> None:
        """Write curves as CSV: a row per epoch, a column per name, blank where nothing was recorded.

        Args:
            names: Dotted names, tag groups, globs; none: all, sorted.

        Raises:
            PathError: Nothing is recorded under one of them; with the nearest.
            TrainingError: There is nothing to write.
            CheckpointError: The file cannot be written; what was there before is untouched.
        """
        write_csv(path, self._curves(names))

    def export_timing_trends(self, path: str | os.PathLike[str]) -> None:
        """Write the seconds of each epoch as CSV.

        Raises:
            TrainingError: No epoch has ended.
            CheckpointError: The file cannot be written; what was there before is untouched.
        """
        write_csv(path, {clock.NAME: self.timing_trend()})

    def write_log(self, path: str | os.PathLike[str], total: int | None = None, names: Sequence[str] = ()) -> None:
        """Write what was recorded as lines for people: `  3  loss=0.5000  [42ms  ETA 1.2s]`.

        Args:
            total: Epochs that the run is meant to have; left out: those finished.
            names: Dotted names, tag groups, globs; none: all, sorted.

        Raises:
            PathError: Nothing is recorded under one of them; with the nearest.
            TrainingError: There is nothing to write.
            CheckpointError: The file cannot be written; what was there before is untouched.
        """
        write_log(path, self._curves(names), self.timing_trend(), self.epoch if total is None else total)

    record_at, trend_at, trends_at = record, trend, trends  # what floDl calls them

    def _table(self, name: str | Mapping[str, Any], value: object) -> Mapping[str, Any]:
        """A table as it is; one name with its value; a tag group with one value per tag."""
        if isinstance(name, Mapping):
            if value is not None:
                raise TrainingError(
                    f"record() takes a name and its value, or a table of both; got a table and {value!r}",
                    mend='record({"loss": loss}, weight=len(x))',
                )
            return name
        checked_name(name)
        if not isinstance(value, list | tuple):
            return {name: value}
        members = self._group(name)
        if members is None or len(members) != len(value):
            known = f"{name!r} has {len(members)} tags" if members else f"{name!r} is no tag group"
            raise TrainingError(f"record() takes several values for a tag group; {known}, got {len(value)} values")
        return dict(zip(members, value, strict=True))

    def _route(self, name: str) -> None:
        """Find the running mean of a dotted name, for the rest of the epoch."""
        owner, own = self._owner(name)
        self._recorder.routes[name] = owner._recorder.mean(own)
        self._recorder.clock.start()

    def _owner(self, path: str) -> tuple[AbstractFamily, str]:
        """The innermost graph that a dotted name leads into, and what is left of the name there."""
        check_path(path)
        path = resolved_name(self, path)
        graph: AbstractFamily = self
        rest = path
        if "." in path:
            for prefix, module in self.named_modules(remove_duplicate=False):
                if prefix and path.startswith(f"{prefix}.") and isinstance(module, AbstractFamily):
                    graph, rest = module, path.removeprefix(f"{prefix}.")
            _check_part(graph, path, rest)
        return graph, rest

    def _names(self, path: str) -> Sequence[str]:
        """The recorded names that a name, a tag group or a glob means."""
        path = resolved_name(self, path)
        if is_glob(path):
            return matching(path, dict.fromkeys(self._recorded()))
        return self._group(path) or [path]

    def _recorded_as(self, paths: Iterable[str]) -> list[str]:
        """What names, tag groups or globs mean, all of it recorded; in a graph that stands twice, by its first path."""
        known = dict.fromkeys(self._recorded())
        names = [name for path in paths for name in map(self._first_name, self._names(path))]
        for name in names:
            if name not in known:
                raise unrecorded(name, known)
        return names

    def _first_name(self, path: str) -> str:
        graph, name = self._owner(path)
        return next(prefix for prefix, member in self._family() if member is graph) + name

    def _group(self, path: str) -> Sequence[str] | None:
        """The dotted tags of a tag group; None where there is none of that name."""
        path = resolved_name(self, path)
        for prefix, graph in self._family():
            tags = dict(graph.ir.groups).get(path.removeprefix(prefix)) if path.startswith(prefix) else None
            if tags is not None:
                return [prefix + tag for tag in tags]
        return None

    def _recorded(self) -> list[str]:
        """Every dotted name recorded so far, of nested graphs too."""
        return [prefix + name for prefix, graph in self._family() for name in graph._recorder.known()]

    def _curves(self, names: Sequence[str]) -> dict[str, Trend]:
        chosen: Iterator[str] = (name for path in names for name in self._names(path))
        return {name: self.trend(name) for name in (dict.fromkeys(chosen) if names else sorted(self._recorded()))}


def _check_part(graph: AbstractFamily, path: str, rest: str) -> None:
    """Whether what stands before the last dot is a part. (`"recall@0.5"` is a name with a dot, and no path.)"""
    parent = rest.rpartition(".")[0]
    if not parent or not all(word.isidentifier() or word.isdigit() for word in parent.split(".")):
        return
    known = dict(graph.named_modules())
    if parent not in known:
        before = path.removesuffix(rest)
        first = before + parent
        mend = (
            did_you_mean(first, [before + name for name in known if name])
            or "a name without a dot, or one that begins with a part's path"
        )
        raise PathError(f"{path!r} leads nowhere: there is no part {first!r}", mend=mend)
