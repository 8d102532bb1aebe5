"""Addition as floDl does it, on every Python: from left to right. `sum` of floats is compensated since Python 3.12."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import add


def total(values: Iterable[float]) -> float:
    """The sum, rounded after each addition; 0 of none.

    >>> total([0.1] * 10) == 1.0, total([])
    (False, 0.0)
    """
    return reduce(add, values, 0.0)
