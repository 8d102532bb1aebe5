"""Metric names and values as they arrive, made fit for every view: here, and only here."""

from __future__ import annotations

from flodl_core.errors import MonitorError


def as_number(value: object) -> float:
    """One number as a float: from a float, an int, a 0-d tensor or array, anything with `item()`.

    A tensor on a GPU is waited for.

    Raises:
        MonitorError: It is no number, or more than one.

    >>> as_number(3), as_number(True)
    (3.0, 1.0)
    """
    if type(value) is float:  # nearly always: every metric of every epoch comes by here
        return value
    if isinstance(value, float | int):
        return _as_float(value)
    item = getattr(value, "item", None)
    if callable(item):
        try:
            value = item()
        except (RuntimeError, ValueError) as error:
            shape = tuple(getattr(value, "shape", ()))
            raise MonitorError(f"a metric is one number, got shape {list(shape)}: {error}") from None
    if hasattr(type(value), "__float__"):
        return _as_float(value)
    raise MonitorError(f"a metric is one number, got a value of type {type(value).__name__}")


def as_name(name: object) -> str:
    r"""A metric's name as text that every file format can hold: NUL and lone surrogates are spelled out.

    >>> as_name("loss"), as_name("a\0b"), as_name("\ud800")
    ('loss', 'a\\x00b', '\\ud800')
    """
    text = name if isinstance(name, str) else str(name)
    if text.isprintable():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")


def as_count(value: object) -> int:
    """A whole number from 0 on. A numpy integer is one too; a bool or a float is not.

    Raises:
        MonitorError: It is no count.
    """
    index = getattr(value, "__index__", None)
    if index is None or isinstance(value, bool):
        raise MonitorError(f"epochs are counted in whole numbers, got {value!r}")
    count = int(index())
    if count < 0:
        raise MonitorError(f"epochs are counted from 0, got {count}")
    return count


def as_seconds(value: object) -> float:
    """What an epoch took.

    Raises:
        MonitorError: It is no number.
    """
    try:
        return as_number(value)
    except MonitorError:
        raise MonitorError(f"its seconds are a number, got {value!r}") from None


def _as_float(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]  # it has __float__, or is an int
    except OverflowError:
        raise MonitorError("a metric is a number that a float can hold, got a larger integer") from None
