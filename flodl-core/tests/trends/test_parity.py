"""Every number and verdict that the Rust floDl 0.2.2 wrote into fixtures/flodl/trends.json, from the same values."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flodl_core.trends import Trend, TrendGroup

RECORDED = json.loads((Path(__file__).parent.parent / "fixtures" / "flodl" / "trends.json").read_text())
SERIES = {name: entry for name, entry in RECORDED.items() if name != "groups"}
VERDICTS = ("stalled", "improving", "converged")


def trend_named(name: str) -> Trend:
    return Trend(map(float, SERIES[name]["values"]))


def windows() -> Iterator[tuple[str, int, dict[str, Any]]]:
    for name, entry in SERIES.items():
        for key, recorded in entry.items():
            if key.startswith("window "):
                yield name, int(key.split()[1]), recorded


@pytest.mark.parametrize("name", SERIES)
def test_numbers(name: str) -> None:
    """Length, last, mean and extremes: of an empty series too, the same doubles."""
    trend, recorded = trend_named(name), SERIES[name]
    assert recorded["len"] == len(trend)
    assert recorded["latest"] == trend.latest()
    assert recorded["mean"] == trend.mean()
    assert (float(recorded["min"]), float(recorded["max"])) == (trend.min(), trend.max())


@pytest.mark.parametrize(("name", "window", "recorded"), list(windows()))
def test_slopes_and_last_values(name: str, window: int, recorded: dict[str, Any]) -> None:
    """The same doubles for every window, longer ones than the series too."""
    trend = trend_named(name)
    assert recorded["slope"] == trend.slope(window)
    assert recorded["last"] == list(trend.last(window))


@pytest.mark.parametrize(("name", "window", "recorded"), list(windows()))
def test_verdicts_with_a_tolerance(name: str, window: int, recorded: dict[str, Any]) -> None:
    """floDl's answer; only where it answered from fewer points than it was asked about, ours is: nobody can tell."""
    trend = trend_named(name)
    short = len(trend) < max(window, 2) or window == 1
    for key, answer in recorded.items():
        word, _, tolerance = key.partition(" ")
        if word in VERDICTS:
            given = getattr(trend, word)(window, float(tolerance or 0.0))
            assert (None if short else answer) == given, key


@pytest.mark.parametrize("name", RECORDED["groups"])
def test_groups(name: str) -> None:
    """The same for several trends at once; of none, everything is False."""
    members, window = name.split(" window ")
    group = TrendGroup(map(trend_named, filter(None, members.split("+"))))
    recorded = RECORDED["groups"][name]
    assert recorded["len"] == len(group)
    assert recorded["slopes"] == group.slopes(int(window))
    assert recorded["mean_slope"] == group.mean_slope(int(window))
    short = any(len(trend) < max(int(window), 2) for trend in group)
    for key, answer in recorded.items():
        word, _, tolerance = key.partition(" ")
        if word.startswith(("all_", "any_")):
            given = getattr(group, word)(int(window), float(tolerance or 0.0))
            assert given is None if short else given == answer, key
