"""`Trend`: one recorded quantity over the epochs, and what can be said of where it is going."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias, final

from flodl_core.errors import TrainingError
from flodl_core.trends.arithmetic import total
from flodl_core.trends.line import fit, ols_slope

Goal: TypeAlias = Literal["min", "max"]
"""Which way is better: a loss goes down, an accuracy goes up."""

LEAST = 3
"""Points that a verdict without a tolerance needs: two always lie on a line."""

LEAST_WITH_TOL = 2
"""Points that a verdict with a tolerance needs: one has neither slope nor scatter."""

NEGLIGIBLE = 1e-3
"""A change over the window below this part of the values' size is none, however clear."""

SETTLED = 1e-2
"""A scatter below this part of the values' size is converged."""


@final
class Trend:
    """A series, a point per epoch, oldest first.

    Numbers are floDl's, to the bit. Verdicts are `True`, `False`, or `None` where nobody can tell: fewer
    points than the window asks for, or one that is no finite number. A window of 0 is the whole series.

    Without `tol` a verdict does not depend on the unit: a series and a thousand times that series are judged
    alike. With `tol` it is floDl's rule, in the unit of the values.

    Args:
        values: The points.
        epochs: The epoch of each, counted from 0; left out: 0, 1, 2, ...
        goal: `"min"`: lower is better; `"max"`: higher.
        name: What it is a trend of.

    Raises:
        TrainingError: Another goal; not an epoch per value; in what is asked, a window or a tolerance that is none.

    >>> falling = Trend([1.0, 0.8, 0.65, 0.5, 0.42])
    >>> falling.improving(5), falling.stalled(5), falling.stalled(10)
    (True, False, None)
    >>> falling.best(), falling.best_epoch()
    (0.42, 4)
    """

    __slots__ = ("epochs", "goal", "name", "values")

    def __init__(
        self, values: Iterable[float], epochs: Iterable[int] | None = None, *, goal: Goal = "min", name: str = ""
    ) -> None:
        self.values: tuple[float, ...] = tuple(map(float, values))
        self.epochs: tuple[int, ...] = tuple(range(len(self.values)) if epochs is None else epochs)
        self.goal: Goal = checked_goal(goal)
        self.name = name
        if len(self.epochs) != len(self.values):
            raise TrainingError(f"a trend has an epoch per value, got {len(self.epochs)} for {len(self.values)}")

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        shown = ", ".join(f"{value:.4g}" for value in self.last(5))
        name = f", name={self.name!r}" if self.name else ""
        return f"Trend([{'..., ' if len(self) > 5 else ''}{shown}], goal={self.goal!r}{name})"

    def last(self, points: int) -> tuple[float, ...]:
        """The last so many values; fewer where there are fewer."""
        return self.values[-points:] if points > 0 else ()

    def latest(self) -> float:
        """The last value; 0 of none, as in floDl."""
        return self.values[-1] if self.values else 0.0

    def mean(self, window: int = 0) -> float:
        """The mean; 0 of none, as in floDl."""
        values = self._window(window)
        return total(values) / len(values) if values else 0.0

    def min(self, window: int = 0) -> float:
        """The least value, NaN aside as in floDl; infinite of none."""
        return min(self._numbers(window), default=math.inf)

    def max(self, window: int = 0) -> float:
        """The greatest value, NaN aside as in floDl; minus infinite of none."""
        return max(self._numbers(window), default=-math.inf)

    def best(self, window: int = 0) -> float:
        """The best value, by the goal; a NaN is never it."""
        return self.min(window) if self.goal == "min" else self.max(window)

    def best_epoch(self) -> int | None:
        """The epoch of the best value, the first of equals; None where there is none."""
        best = self.best()
        return next((epoch for epoch, value in zip(self.epochs, self.values, strict=True) if value == best), None)

    def ema(self, window: int) -> float:
        """The exponential moving average whose weights have their centre where a mean over `window` has it."""
        weight = 2.0 / (checked_window(window, least=1) + 1.0)
        average = self.values[0] if self.values else 0.0
        for value in self.values[1:]:
            average += weight * (value - average)
        return average

    def slope(self, window: int = 0) -> float:
        """Change per epoch of the least-squares line; 0 below two points, as in floDl."""
        return ols_slope(self._window(window))

    def finite(self, window: int = 1) -> bool | None:
        """Whether the last values are all numbers, neither NaN nor infinite; None before the first."""
        values = self._window(window)
        return all(map(math.isfinite, values)) if values else None

    def improving(self, window: int = 0, tol: float | None = None) -> bool | None:
        """Whether it is getting better: clearly, against its own noise; with `tol`, by more than that per epoch.

        Of series that only scatter, at most 1 in 20 is called so.
        """
        values = self._judged(window, tol)
        if values is None:
            return None
        better = -ols_slope(values) if self.goal == "min" else ols_slope(values)
        return better > tol if tol is not None else better > 0 and _moves(values)

    def stalled(self, window: int = 0, tol: float | None = None) -> bool | None:
        """Whether it goes nowhere: no clear slope, or one too small to matter; with `tol`, |slope| below that."""
        values = self._judged(window, tol)
        if values is None:
            return None
        return abs(ols_slope(values)) < tol if tol is not None else not _moves(values)

    def converged(self, window: int = 0, tol: float | None = None) -> bool | None:
        """Whether it stays where it is: no clear slope, scatter within 1 % of its size; with `tol`, variance below."""
        values = self._judged(window, tol)
        if values is None:
            return None
        if tol is not None:
            return _variance(values) < tol
        size = _size(values)
        return size == 0.0 or (not _moves(values) and math.sqrt(_variance([v / size for v in values])) <= SETTLED)

    def _window(self, window: int) -> tuple[float, ...]:
        return self.values[-window:] if checked_window(window) else self.values

    def _numbers(self, window: int) -> list[float]:
        return [value for value in self._window(window) if not math.isnan(value)]

    def _judged(self, window: int, tol: float | None) -> tuple[float, ...] | None:
        """The values that a verdict is about, in a unit of their own size without `tol`; None where nobody can tell."""
        check_verdict(window, tol)
        values = self._window(window)
        enough = max(window, LEAST_WITH_TOL if tol is not None else LEAST)
        if len(values) < enough or not all(map(math.isfinite, values)):
            return None
        return values if tol is not None else _in_own_unit(values)


def checked_goal(goal: object) -> Goal:
    """A goal, or the error that says what one is."""
    if goal == "min":
        return "min"
    if goal == "max":
        return "max"
    raise TrainingError(f'a goal is "min" or "max", got {goal!r}', mend='goal="max" where higher is better')


def check_verdict(window: object, tol: object) -> None:
    """Whether a verdict can be asked so at all.

    Raises:
        TrainingError: The window is none, or too short to tell; the tolerance is no number.
    """
    points = checked_window(window)
    if tol is None and 0 < points < LEAST:
        raise TrainingError(
            f"nobody can tell a trend from noise by {points} point{'s' if points > 1 else ''}",
            mend=f"a window of {LEAST} or more, or tol= in the unit of the values",
        )
    if tol is not None and (isinstance(tol, bool) or not isinstance(tol, int | float) or not tol >= 0):
        raise TrainingError(f"a tolerance is a number of at least 0, got {tol!r}")


def checked_window(window: object, least: int = 0) -> int:
    """A window, or the error that says what one is."""
    if isinstance(window, bool) or not isinstance(window, int) or window < least:
        raise TrainingError(f"a window is a whole number of epochs, at least {least}, got {window!r}")
    return window


def _in_own_unit(values: Sequence[float]) -> tuple[float, ...]:
    """The values over a power of two near the largest: the same digits, and sums that no float is too small for."""
    _, exponent = math.frexp(max(map(abs, values)))
    return tuple(math.ldexp(value, -exponent) for value in values)


def _moves(values: Sequence[float]) -> bool:
    """Whether a slope is there: clear against the scatter, and not too small to matter."""
    line = fit(values)
    change = abs(line.slope) * (len(values) - 1)
    return change > NEGLIGIBLE * _size(values) and line.is_clear(len(values))


def _size(values: Sequence[float]) -> float:
    """How large the values are, whatever their sign."""
    return total(map(abs, values)) / len(values)


def _variance(values: Sequence[float]) -> float:
    """Population variance."""
    mean = total(values) / len(values)
    return total((value - mean) ** 2 for value in values) / len(values)
