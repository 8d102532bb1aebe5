"""How conditions are written: `trend("loss").stalled(10)`, `trend("acc", goal="max").best() > 0.9`."""

from __future__ import annotations

from typing import final

from attrs import frozen

from flodl_core.rules.condition import AbstractCondition, Comparison, Series, Verdict
from flodl_core.trends.trend import Goal


def trend(name: str, *, goal: Goal = "min") -> Asked:
    """A recorded quantity, to be asked at the end of each epoch.

    Args:
        name: As it is recorded: `"loss"`, `"encoder.scan.loss"`.
        goal: `"max"` where higher is better.

    >>> print(trend("encoder.loss").stalled(10) & (trend("acc", goal="max").best() > 0.9))
    (trend('encoder.loss').stalled(10) & (trend('acc', goal='max').best() > 0.9))
    """
    return Asked(Series(name, goal))


def trends(name: str, *, goal: Goal = "min") -> AskedTogether:
    """All quantities of a tag group or a glob, to be asked together.

    >>> print(trends("head").all_stalled(10))
    trends('head').all_stalled(10)
    """
    return AskedTogether(Series(name, goal, several=True))


@final
@frozen(order=False)
class Number:
    """A number that a trend will have; compared with another, it is a condition."""

    series: Series
    word: str
    window: int = 0

    def __lt__(self, bound: float) -> AbstractCondition:
        return Comparison(self.series, self.word, self.window, "below", bound)

    def __le__(self, bound: float) -> AbstractCondition:
        return Comparison(self.series, self.word, self.window, "at_most", bound)

    def __gt__(self, bound: float) -> AbstractCondition:
        return Comparison(self.series, self.word, self.window, "above", bound)

    def __ge__(self, bound: float) -> AbstractCondition:
        return Comparison(self.series, self.word, self.window, "at_least", bound)


@final
@frozen
class Asked:
    """What can be asked of one trend: the methods of `flodl_core.trends.Trend`, answered later."""

    series: Series

    def stalled(self, window: int = 0, tol: float | None = None) -> AbstractCondition:
        """Whether it goes nowhere."""
        return Verdict(self.series, "stalled", window, tol)

    def improving(self, window: int = 0, tol: float | None = None) -> AbstractCondition:
        """Whether it is getting better."""
        return Verdict(self.series, "improving", window, tol)

    def converged(self, window: int = 0, tol: float | None = None) -> AbstractCondition:
        """Whether it stays where it is."""
        return Verdict(self.series, "converged", window, tol)

    def finite(self, window: int = 1) -> AbstractCondition:
        """Whether the last values are all numbers: `~trend("loss").finite()` is a run that has died."""
        return Verdict(self.series, "finite", window)

    def latest(self) -> Number:
        """The last value."""
        return Number(self.series, "latest")

    def mean(self, window: int = 0) -> Number:
        """The mean."""
        return Number(self.series, "mean", window)

    def min(self, window: int = 0) -> Number:
        """The least value."""
        return Number(self.series, "min", window)

    def max(self, window: int = 0) -> Number:
        """The greatest value."""
        return Number(self.series, "max", window)

    def best(self, window: int = 0) -> Number:
        """The best value, by the goal."""
        return Number(self.series, "best", window)

    def ema(self, window: int) -> Number:
        """The exponential moving average."""
        return Number(self.series, "ema", window)

    def slope(self, window: int = 0) -> Number:
        """Change per epoch."""
        return Number(self.series, "slope", window)


@final
@frozen
class AskedTogether:
    """What can be asked of several trends: the methods of `flodl_core.trends.TrendGroup`, answered later."""

    series: Series

    def all_stalled(self, window: int = 0, tol: float | None = None) -> AbstractCondition:
        """Whether every one goes nowhere."""
        return Verdict(self.series, "all_stalled", window, tol)

    def any_stalled(self, window: int = 0, tol: float | None = None) -> AbstractCondition:
        """Whether one goes nowhere."""
        return Verdict(self.series, "any_stalled", window, tol)

    def all_improving(self, window: int = 0, tol: float | None = None) -> AbstractCondition:
        """Whether every one gets better."""
        return Verdict(self.series, "all_improving", window, tol)

    def any_improving(self, window: int = 0, tol: float | None = None) -> AbstractCondition:
        """Whether one gets better."""
        return Verdict(self.series, "any_improving", window, tol)

    def all_converged(self, window: int = 0, tol: float | None = None) -> AbstractCondition:
        """Whether every one stays where it is."""
        return Verdict(self.series, "all_converged", window, tol)

    def any_converged(self, window: int = 0, tol: float | None = None) -> AbstractCondition:
        """Whether one stays where it is."""
        return Verdict(self.series, "any_converged", window, tol)

    def mean_slope(self, window: int = 0) -> Number:
        """The mean of the slopes."""
        return Number(self.series, "mean_slope", window)
