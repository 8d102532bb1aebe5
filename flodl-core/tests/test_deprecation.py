"""What will go says so: at the caller's line, with what to use instead and the version."""

from __future__ import annotations

import inspect
import warnings

import pytest
from flodl_core import deprecated


@deprecated(use="whole()", gone_in="0.3")
def half(x: float, *, times: int = 1) -> float:
    """Half of it."""
    return x / 2**times


@deprecated(use="Whole", gone_in="0.3")
class Half:
    """Half of something."""

    def __init__(self, x: float) -> None:
        self.x = x / 2


class Quarter(Half):
    """A subclass of before."""


@pytest.mark.parametrize(
    ("call", "result", "name"),
    [
        (lambda: half(8.0, times=2), 2.0, "half() is deprecated: use whole(); gone in 0.3"),
        (lambda: Half(8.0).x, 4.0, "Half() is deprecated: use Whole; gone in 0.3"),
        (lambda: Quarter(8.0).x, 4.0, "Half() is deprecated: use Whole; gone in 0.3"),
    ],
)
def test_it_works_and_warns(call, result, name):
    """The call does what it did; the warning stands at this line."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert result == call()
    [warning] = told
    assert (FutureWarning, __file__, call.__code__.co_firstlineno) == (
        warning.category,
        warning.filename,
        warning.lineno,
    )
    assert name == str(warning.message)


def test_it_stays_what_it_was():
    """Name, words, signature and class."""
    assert ("half", "Half of it.") == (half.__name__, half.__doc__)
    assert ["x", "times"] == list(inspect.signature(half).parameters)
    assert ["x"] == list(inspect.signature(Half).parameters)
    assert issubclass(Quarter, Half)
