"""A straight line through points one apart: what slopes are read from, and how sure they are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import final

from attrs import frozen

from flodl_core.trends.arithmetic import total

_FLAT = 1e-15  # floDl's: below it the denominator of a slope counts as none
_QUANTILES = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
_NORMAL = 1.959964


@final
@frozen
class Line:
    """The least-squares line through y0, y1, ... at x = 0, 1, ...

    Args:
        slope: Change per point.
        error: Standard error of the slope; infinite below 3 points.
    """

    slope: float
    error: float

    def is_clear(self, points: int) -> bool:
        """Whether noise alone would make such a slope, up or down, in fewer than 5 cases of 100 (Student's t)."""
        return abs(self.slope) > _quantile(points - 2) * self.error


def fit(values: Sequence[float]) -> Line:
    """The line through the values.

    Shift and scale are taken out before squares are taken, so that neither changes what is seen.

    >>> line = fit([1.0, 3.0, 5.0])
    >>> line.slope, line.error
    (2.0, 0.0)
    """
    n, slope = len(values), ols_slope(values)
    if n < 3:
        return Line(slope, math.inf)
    mean, middle = math.fsum(values) / n, (n - 1) / 2
    misses = [y - mean - slope * (x - middle) for x, y in enumerate(values)]
    largest = max(map(abs, misses))
    if largest == 0.0:
        return Line(slope, 0.0)
    around = largest * math.sqrt(math.fsum((miss / largest) ** 2 for miss in misses) / (n - 2))
    return Line(slope, around / math.sqrt(n * (n * n - 1) / 12))


def ols_slope(values: Sequence[float]) -> float:
    """The slope, by floDl's formula: (n Σxy - Σx Σy) / (n Σx² - (Σx)²), and 0 below two points."""
    n = len(values)
    sum_x, sum_xx = float(sum(range(n))), float(sum(x * x for x in range(n)))
    below = n * sum_xx - sum_x * sum_x
    if n < 2 or abs(below) < _FLAT:
        return 0.0
    return (n * total(x * y for x, y in enumerate(values)) - sum_x * total(values)) / below


def _quantile(freedom: int) -> float:
    """Student's two-sided 5 % quantile: a table, then Cornish and Fisher's expansion (within 0.003).

    Source: Abramowitz and Stegun 1964, 26.7.5.
    """
    if freedom < 1:
        return math.inf
    if freedom <= len(_QUANTILES):
        return _QUANTILES[freedom - 1]
    z = _NORMAL
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
