"""How long the rest will take."""

from __future__ import annotations

import math

import pytest
from flodl_monitor.eta import WINDOW, Eta
from hypothesis import given
from hypothesis import strategies as st

durations = st.lists(st.floats(min_value=0.0, max_value=1e6), min_size=1, max_size=40)


@given(durations, st.integers(min_value=1, max_value=10_000))
def test_eta_is_the_median_of_the_recent_epochs(seconds, left):
    """numpy's median of the last nine durations, times what is left."""
    numpy = pytest.importorskip("numpy")
    expected = float(numpy.median(numpy.array(seconds[-WINDOW:], dtype=numpy.float64))) * left
    assert expected == pytest.approx(Eta(seconds).left(left), rel=1e-12)


def test_eta_says_nothing_without_reason():
    """None after the last epoch, and before the first."""
    assert Eta([1.0]).left(0) is None
    assert Eta([1.0]).left(-3) is None
    assert Eta().left(5) is None


@pytest.mark.parametrize("odd", [math.nan, math.inf, -1.0])
def test_eta_ignores_what_is_no_duration(odd):
    """A clock gone wrong does not spoil the estimate."""
    assert 20.0 == Eta([2.0, odd]).left(10)


def test_eta_is_not_moved_by_one_slow_epoch():
    """A checkpoint or a hiccup: the estimate stays."""
    assert 100.0 == Eta([1.0] * 8 + [60.0]).left(100)


def test_eta_follows_a_change_of_pace_after_five_epochs():
    """Twice as slow from now on: five epochs later that is known."""
    eta = Eta([1.0] * 50)
    for _ in range(5):
        eta.add(2.0)
    assert 90.0 == eta.left(45)
