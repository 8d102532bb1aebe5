"""Where the rules of a step find trends: in what the model recorded, and in what was handed in."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import final

from flodl_core import PathError
from flodl_core.errors import did_you_mean
from flodl_core.paths import is_glob
from flodl_core.rules.condition import Source
from flodl_core.trends import Trend, TrendGroup
from flodl_core.trends.ledger import Ledger
from flodl_core.trends.trend import Goal


@final
class Sources:
    """Both as one; under a name that is in both, what was handed in.

    Args:
        ledger: What was handed in, and all there is where the model keeps nothing itself.
        own: What the model keeps itself, if it does.
    """

    def __init__(self, ledger: Ledger, own: Source | None) -> None:
        self._ledger, self._own = ledger, own

    def trend(self, path: str, *, goal: Goal = "min") -> Trend:
        """The trend of one recorded name. Raises PathError where nothing is recorded."""
        if self._own is None or path in self._ledger.names():
            return self._ledger.trend(path, goal=goal)
        try:
            return self._own.trend(path, goal=goal)
        except PathError as error:
            raise self._explained(error, path) from None

    def trends(self, *paths: str, goal: Goal = "min") -> TrendGroup:
        """The trends of tag groups and globs. Raises PathError where nothing is recorded."""
        if self._own is None:
            return self._ledger.trends(*paths, goal=goal)
        found = {trend.name: trend for path in paths for trend in self._each(path, self._own, goal)}
        return TrendGroup(found.values())

    def _each(self, path: str, own: Source, goal: Goal) -> Iterator[Trend]:
        """The model's, and after them what was handed in."""
        handed = [name for name in self._ledger.names() if name == path or (is_glob(path) and fnmatchcase(name, path))]
        try:
            yield from own.trends(path, goal=goal)
        except PathError as error:
            if not handed:
                raise self._explained(error, path) from None
        yield from (self._ledger.trend(name, goal=goal) for name in handed)

    def _explained(self, error: PathError, path: str) -> PathError:
        """The model does not know the names of what was handed in."""
        hint = did_you_mean(path, self._ledger.names())
        return PathError(error.what, mend=hint) if hint else error
