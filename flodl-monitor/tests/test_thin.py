"""Long curves with fewer points: what stands out stays, at its place."""

from __future__ import annotations

import math
import random
from array import array

import pytest
from flodl_monitor.history import Curve, History
from flodl_monitor.thin import thinned, thinned_history


def curve(count: int, first: int = 1, step: int = 1) -> Curve:
    chance = random.Random(count)
    return Curve(
        array("q", range(first, first + count * step, step)), array("d", (chance.gauss(0, 1) for _ in range(count)))
    )


@pytest.mark.parametrize("count", [0, 1, 2, 100, 101, 1000, 4097])
@pytest.mark.parametrize("step", [1, 7])
def test_it_is_short_and_its_points_are_real(count, step):
    """Never more than asked for; each kept point was there, first and last among them, in order."""
    whole = curve(count, first=3, step=step)
    few = thinned(whole, 100)
    assert len(few.epochs) <= 100
    points = list(zip(whole.epochs, whole.values, strict=True))
    kept = list(zip(few.epochs, few.values, strict=True))
    assert set(kept) <= set(points)
    assert sorted(kept) == kept
    assert points[:1] + points[-1:] == kept[:1] + kept[-1:]


def test_spikes_and_numbers_that_are_none_stay():
    """One among a million, wherever."""
    whole = curve(20_000)
    whole.values[7777], whole.values[13_131], whole.values[4242] = 1e6, -1e6, math.nan
    few = dict(zip(*(lambda c: (c.epochs, c.values))(thinned(whole, 500)), strict=True))
    assert (1e6, -1e6) == (few[7778], few[13_132])
    assert math.isnan(few[4243])


def test_a_growing_curve_does_not_flicker():
    """While the stretches are as wide as they were, points stay, but those of the stretch that is being filled."""
    whole = curve(3000)
    before = thinned(Curve(whole.epochs[:2000], whole.values[:2000]), 200).epochs
    after = set(thinned(Curve(whole.epochs[:2030], whole.values[:2030]), 200).epochs)
    assert {epoch for epoch in before if epoch < 1980} <= after


def test_a_history_keeps_its_rows_together(record):
    """Times belong to the same epochs as seconds; rules, marks and short curves stay whole."""
    history = History()
    for epoch in range(1, 3001):
        history.append(
            record(epoch, metrics={"loss": 1 / epoch}, marks=("m",) if epoch == 9 else (), time=float(epoch))
        )
    few = thinned_history(history, 200)
    assert few.seconds.epochs == few.times.epochs
    assert list(few.times.values) == list(map(float, few.seconds.epochs))
    assert len(few.metrics["loss"].epochs) <= 200
    assert [(9, "m")] == few.marks
    assert history is thinned_history(history, 3000)


def test_thinning_again_is_thinning_once():
    """A dashboard that lets go of points now and then sends what it would send with all of them."""
    whole = curve(5000)
    whole.values[3333], whole.values[4004] = math.nan, 1e9
    slowly = Curve()
    for epoch, value in zip(whole.epochs, whole.values, strict=True):
        slowly.append(epoch, value)
        slowly = thinned(slowly, 600) if len(slowly.epochs) > 1200 else slowly
    once, again = thinned(whole, 200), thinned(slowly, 200)
    assert len(slowly.epochs) <= 1200
    assert list(once.epochs) == list(again.epochs)
    assert list(map(repr, once.values)) == list(map(repr, again.values))


def test_epochs_that_all_took_the_same_hide_no_long_curve(record):
    """Of their times few points are left, and the metrics are thinned all the same, again and again."""
    history = History()
    for epoch in range(1, 2001):
        history.append(record(epoch, metrics={"loss": math.sin(epoch)}, seconds=0.5))
        history = thinned_history(history, 400) if history.longest > 800 else history
        assert history.longest <= 800
    few = thinned_history(history, 100)
    assert 100 >= few.longest == len(few.metrics["loss"].epochs) > len(few)


def test_time_is_counted_of_all_epochs(record):
    """Also of those that are let go, once; an epoch that is run again counts once, one that took no number not."""
    history = History()
    for epoch in range(1, 1001):
        history.append(record(epoch, seconds=0.5))
        history = thinned_history(history, 100) if len(history) > 200 else history
    assert 500.0 == history.spent == history.copy().spent
    history.cut(1000)
    history.append(record(1000, seconds=math.inf))
    assert 499.5 == history.spent
