"""What the values in rules are held against: they come from files too, where types are promises."""

from __future__ import annotations

import math


def is_text(value: object) -> bool:
    """A string that says something."""
    return isinstance(value, str) and bool(value)


def is_number(value: object) -> bool:
    """A number, infinite ones too, but not NaN."""
    return isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value)


def is_count(value: object) -> bool:
    """A whole number from 0."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
