"""Fields of schedules that say what is wrong with a value, in the user's words."""

from __future__ import annotations

import math
from typing import Any

from attrs import NOTHING, Attribute, field
from flodl_core import TrainingError


def at_least_one(default: Any = NOTHING) -> Any:
    """A whole number of steps, 1 or more."""
    return field(default=default, validator=_whole(1))


def at_least_zero(default: Any = NOTHING) -> Any:
    """A whole number of steps, 0 or more."""
    return field(default=default, validator=_whole(0))


def finite(default: Any = NOTHING, *, low: float = 0.0, high: float = math.inf) -> Any:
    """A finite number, within bounds that are admitted themselves; below 0 a rate would climb."""

    def check(schedule: object, attribute: Attribute[Any], value: Any) -> None:
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not is_number or not low <= value <= high:
            raise TrainingError(f"{_word(schedule)}: {attribute.name} is a number{_range(low, high)}, got {value!r}")

    return field(default=default, validator=check)


def one_of(*words: str, default: str) -> Any:
    """One of a few words."""

    def check(schedule: object, attribute: Attribute[Any], value: Any) -> None:
        if value not in words:
            raise TrainingError(
                f"{_word(schedule)}: {attribute.name} is {' or '.join(map(repr, words))}, got {value!r}"
            )

    return field(default=default, validator=check)


def _whole(least: int) -> Any:
    def check(schedule: object, attribute: Attribute[Any], value: Any) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise TrainingError(
                f"{_word(schedule)}: {attribute.name} is a whole number of at least {least}, got {value!r}"
            )

    return check


def _word(schedule: object) -> str:
    name = type(schedule).__name__
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_") + "()"


def _range(low: float, high: float) -> str:
    return f" of at least {low:g}" if math.isinf(high) else f" from {low:g} to {high:g}"
