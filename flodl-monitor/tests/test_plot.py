"""Curves and times on a page without a run."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
from flodl_core.errors import MonitorError
from flodl_core.trends import Trend, TrendGroup
from flodl_monitor import Monitor, plot_html, plot_timings_html, read_event_log
from flodl_monitor.web.page import history_in


def curves_in(path) -> dict[str, list[tuple[int, float]]]:
    history = history_in(path.read_text(encoding="utf-8"))
    return {name: list(zip(curve.epochs, curve.values, strict=True)) for name, curve in history.metrics.items()}


def test_values_by_name(tmp_path):
    """One an epoch, counted from 1; anything to iterate over, numbers of any kind."""
    path = plot_html(tmp_path / "curves.html", {"loss": (3.0, 2), "encoder.acc": iter([0.5])})
    assert {"loss": [(1, 3.0), (2, 2.0)], "encoder.acc": [(1, 0.5)]} == curves_in(path)
    assert "<h1>Training Curves</h1>" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("wrap", [TrendGroup, list, lambda trends: {trend.name: trend for trend in trends}])
def test_trends_keep_their_epochs(tmp_path, wrap):
    """A group of them, a list, by name: a sparse one stays sparse."""
    trends = [Trend([3.0, 2.0], name="loss"), Trend([0.5], [4], name="val")]
    path = plot_html(tmp_path / "curves.html", wrap(trends))
    assert {"loss": [(1, 3.0), (2, 2.0)], "val": [(5, 0.5)]} == curves_in(path)


def test_one_trend_alone(tmp_path):
    """Needs no list."""
    assert {"loss": [(1, 3.0)]} == curves_in(plot_html(tmp_path / "curves.html", Trend([3.0], name="loss")))


def test_what_is_no_curve(tmp_path):
    """Is told with its type, and nothing is written."""
    with pytest.raises(MonitorError, match="curves are names and values, or trends; got a float"):
        plot_html(tmp_path / "curves.html", [0.5, 0.25])
    assert [] == list(tmp_path.iterdir())


def test_seconds_of_epochs(tmp_path):
    """The same of a monitor, of the records in its log, and of a graph's own clock."""
    log = tmp_path / "run.jsonl"
    with Monitor(3, sinks=[("jsonl", {"path": log})], probes=[]) as monitor:
        for epoch in range(3):
            monitor.log(epoch, 0.5 * (epoch + 1))
    graph = SimpleNamespace(timing_trend=lambda: Trend([0.5, 1.0, 1.5], name="seconds"))
    monitor.finish()
    for timings in (monitor, read_event_log(log), graph):
        path = plot_timings_html(tmp_path / "times.html", timings)
        assert {"seconds": [(1, 0.5), (2, 1.0), (3, 1.5)]} == curves_in(path)
        assert "<h1>Timing Trends, seconds</h1>" in path.read_text(encoding="utf-8")


def profile(**milliseconds: float):
    rows = [SimpleNamespace(path=path, total=total) for path, total in milliseconds.items()]
    return SimpleNamespace(rows=rows, leaves=rows)


def test_milliseconds_of_parts(tmp_path):
    """Profiles, one an epoch; a part that was not called in one has no point there."""
    path = plot_timings_html(tmp_path / "times.html", [profile(a=2.0, b=1.0), profile(a=2.5)], title="Mine")
    assert {"a": [(1, 2.0), (2, 2.5)], "b": [(1, 1.0)]} == curves_in(path)
    assert "<h1>Mine</h1>" in path.read_text(encoding="utf-8")
    assert {"a": [(1, 2.0)]} == curves_in(plot_timings_html(tmp_path / "times.html", profile(a=2.0)))


@pytest.mark.parametrize("timings", [[], [0.5], "run.jsonl", 3, None])
def test_what_knows_no_times(tmp_path, timings):
    """Is told, with what does."""
    with pytest.raises(MonitorError, match="knows no times to plot"):
        plot_timings_html(tmp_path / "times.html", timings)


def test_more_values_than_a_page_holds(tmp_path):
    """They are thinned like those of a run, though no epoch has a time."""
    values = [math.sin(place) for place in range(20_000)]
    page = plot_html(tmp_path / "curves.html", {"loss": values}).read_text()
    curve = history_in(page).metrics["loss"]
    assert 1000 < len(curve.epochs) <= 10_000
    assert max(values) == pytest.approx(max(curve.values))


@pytest.mark.parametrize("curves", [None, 5, {"loss": 5}, {"loss": None}])
def test_what_holds_no_values(curves, tmp_path):
    """Said as every wrong use is, and nothing is written."""
    with pytest.raises(MonitorError, match=r"curves are names and values|a curve has a value for each epoch"):
        plot_html(tmp_path / "curves.html", curves)
    assert [] == list(tmp_path.iterdir())
