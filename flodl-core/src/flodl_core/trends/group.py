"""`TrendGroup`: several trends asked at once, such as those of all heads of a tag group."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import final

from flodl_core.trends.arithmetic import total
from flodl_core.trends.trend import Trend


@final
class TrendGroup:
    """Trends in order. Where some cannot tell, the answer is `None` unless the others decide it.

    Of no trends at all, everything that is asked is `False`, as in floDl.

    >>> heads = TrendGroup([Trend([3.0, 2.0, 1.0]), Trend([1.0, 1.0, 1.0])])
    >>> heads.any_improving(3), heads.all_improving(3), heads.slopes()
    (True, False, [-1.0, 0.0])
    """

    __slots__ = ("trends",)

    def __init__(self, trends: Iterable[Trend]) -> None:
        self.trends: tuple[Trend, ...] = tuple(trends)

    def __len__(self) -> int:
        return len(self.trends)

    def __iter__(self) -> Iterator[Trend]:
        return iter(self.trends)

    def __repr__(self) -> str:
        return f"TrendGroup([{', '.join(map(repr, self.trends))}])"

    def slopes(self, window: int = 0) -> list[float]:
        """Each one's slope."""
        return [trend.slope(window) for trend in self.trends]

    def mean_slope(self, window: int = 0) -> float:
        """The mean of the slopes; 0 of none."""
        slopes = self.slopes(window)
        return total(slopes) / len(slopes) if slopes else 0.0

    def all_improving(self, window: int = 0, tol: float | None = None) -> bool | None:
        """Whether every one gets better."""
        return self._all(lambda trend: trend.improving(window, tol))

    def any_improving(self, window: int = 0, tol: float | None = None) -> bool | None:
        """Whether one gets better."""
        return either(trend.improving(window, tol) for trend in self.trends)

    def all_stalled(self, window: int = 0, tol: float | None = None) -> bool | None:
        """Whether every one goes nowhere."""
        return self._all(lambda trend: trend.stalled(window, tol))

    def any_stalled(self, window: int = 0, tol: float | None = None) -> bool | None:
        """Whether one goes nowhere."""
        return either(trend.stalled(window, tol) for trend in self.trends)

    def all_converged(self, window: int = 0, tol: float | None = None) -> bool | None:
        """Whether every one stays where it is."""
        return self._all(lambda trend: trend.converged(window, tol))

    def any_converged(self, window: int = 0, tol: float | None = None) -> bool | None:
        """Whether one stays where it is."""
        return either(trend.converged(window, tol) for trend in self.trends)

    def _all(self, verdict: Callable[[Trend], bool | None]) -> bool | None:
        return both(map(verdict, self.trends)) if self.trends else False


def both(answers: Iterable[bool | None]) -> bool | None:
    """Whether all are True: False once one is False, None where one is unknown.

    >>> both([True, None]), both([None, False]), both([True, True])
    (None, False, True)
    """
    found = list(answers)
    return False if False in found else None if None in found else True


def either(answers: Iterable[bool | None]) -> bool | None:
    """Whether one is True: True once one is, None where one is unknown.

    >>> either([True, None]), either([None, False]), either([False])
    (True, None, False)
    """
    found = list(answers)
    return True if True in found else None if None in found else False
