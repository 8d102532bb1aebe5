"""A ledger of numbers by name and epoch: the past of a model that keeps none itself."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import Any, final

from flodl_core.errors import CheckpointError, PathError, did_you_mean
from flodl_core.paths import is_glob
from flodl_core.trends.group import TrendGroup
from flodl_core.trends.trend import Goal, Trend


@final
class Ledger:
    """One value per name and epoch.

    >>> ledger = Ledger()
    >>> ledger.enter(0, {"loss": 2.0})
    >>> ledger.enter(1, {"loss": 1.0})
    >>> ledger.trend("loss").values
    (2.0, 1.0)
    """

    def __init__(self) -> None:
        self._points: dict[str, list[tuple[int, float]]] = {}

    def enter(self, epoch: int, values: Mapping[str, float]) -> None:
        """Write down an epoch's values; one that is there already is replaced."""
        for name, value in values.items():
            add_point(self._points.setdefault(name, []), epoch, float(value))

    def names(self) -> tuple[str, ...]:
        """Every name, in the order in which they first came."""
        return tuple(self._points)

    def trend(self, path: str, *, goal: Goal = "min") -> Trend:
        """The values under a name.

        Raises:
            PathError: There are none; with the nearest names.
        """
        if path not in self._points:
            raise unrecorded(path, self._points)
        return trend_of(self._points[path], goal, path)

    def trends(self, *paths: str, goal: Goal = "min") -> TrendGroup:
        """Several at once; globs name all that they match.

        Raises:
            PathError: A name without values, a glob that matches none.
        """
        names = [name for path in paths for name in matching(path, self._points)]
        return TrendGroup(self.trend(name, goal=goal) for name in dict.fromkeys(names))

    def state_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {name: [list(point) for point in points] for name, points in self._points.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave.

        Raises:
            CheckpointError: It is something else; nothing has changed then.
        """
        self._points = points_from(state)


def add_point(points: list[tuple[int, float]], epoch: int, value: float) -> None:
    """Write down an epoch's value. Points of that epoch or of later ones are of another count, and go."""
    while points and points[-1][0] >= epoch:
        points.pop()
    points.append((epoch, value))


def trend_of(points: list[tuple[int, float]], goal: Goal, name: str) -> Trend:
    """Points, (epoch, value) each, as a trend."""
    return Trend([value for _, value in points], [epoch for epoch, _ in points], goal=goal, name=name)


def matching(path: str, known: Mapping[str, Any]) -> list[str]:
    """The recorded names that a name or a glob means.

    Raises:
        PathError: None.
    """
    found = [name for name in known if fnmatchcase(name, path)] if is_glob(path) else [path]
    if not found:
        raise unrecorded(path, known)
    return found


def unrecorded(path: str, known: Mapping[str, Any]) -> PathError:
    """The error for a name under which nothing was recorded."""
    names = ", ".join(map(repr, known)) or "nothing yet"
    return PathError(f"nothing is recorded as {path!r}", mend=did_you_mean(path, known) or f"recorded: {names}")


def points_from(state: Any) -> dict[str, list[tuple[int, float]]]:
    """Saved points, checked: names to pairs of an epoch and a value, epochs rising.

    Raises:
        CheckpointError: It is something else.
    """
    try:
        points = {str(name): [(int(epoch), float(value)) for epoch, value in pairs] for name, pairs in state.items()}
    except (AttributeError, TypeError, ValueError) as error:
        raise CheckpointError(f"these are no recorded values: {error}") from None
    for name, pairs in points.items():
        if any(later <= earlier for (earlier, _), (later, _) in pairwise(pairs)):
            raise CheckpointError(f"the epochs of {name!r} do not rise")
    return points
