"""Curves that one has already, as a page: no run, no monitor."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from flodl_core.errors import MonitorError
from flodl_core.trends import Trend

from flodl_monitor.history import Curve, History
from flodl_monitor.line_file import checked_path, write_file
from flodl_monitor.record import EpochRecord
from flodl_monitor.scalars import as_name, as_number
from flodl_monitor.web.page import page_of


def plot_html(
    path: str | os.PathLike[str],
    curves: Mapping[str, Iterable[object] | Trend] | Iterable[Trend] | Trend,
    title: str = "Training Curves",
) -> Path:
    """Write curves as one page that opens from disk; the path written.

    Args:
        curves: Dotted name to values, one an epoch, `{"loss": [0.7, 0.4]}`; or trends, which know their
            names and epochs: `graph.trends("*")`.
        title: The page's heading.

    Raises:
        MonitorError: A value is no number, something is no curve, or the path cannot be written.
    """
    real = checked_path(path)
    history = History()
    for name, curve in _named(curves):
        history.metrics[as_name(name)] = _curve(curve)
    return write_file(real, [page_of(history, title=title, total=0, finished=True)])


def plot_timings_html(path: str | os.PathLike[str], timings: object, title: str | None = None) -> Path:
    """Write how long epochs took, or the parts of a network, as the same page; the path written.

    Args:
        timings: What knows: a monitor, records (`read_event_log(path)`) or a graph for the seconds of each epoch;
            profiles of a graph, one an epoch, for the milliseconds of each part.
        title: The page's heading; says the unit if not given.

    Raises:
        MonitorError: It knows no times, or the path cannot be written.
    """
    profiles = _profiles(timings)
    if profiles:
        return plot_html(path, _by_part(profiles), title or "Timing Trends, milliseconds")
    return plot_html(path, {"seconds": _seconds(timings)}, title or "Timing Trends, seconds")


def _named(curves: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(curves, Mapping):
        yield from curves.items()
        return
    for trend in (curves,) if isinstance(curves, Trend) or not isinstance(curves, Iterable) else curves:
        if not isinstance(trend, Trend):
            raise MonitorError(
                f"curves are names and values, or trends; got a {type(trend).__name__}",
                mend='plot_html("curves.html", {"loss": values})',
            )
        yield trend.name, trend


def _curve(values: Any) -> Curve:
    if isinstance(values, Trend):
        return Curve(array("q", (epoch + 1 for epoch in values.epochs)), array("d", values.values))
    if not isinstance(values, Iterable):
        raise MonitorError(
            f"a curve has a value for each epoch, got a {type(values).__name__}", mend='{"loss": [0.7, 0.4]}'
        )
    numbers = array("d", map(as_number, values))
    return Curve(array("q", range(1, len(numbers) + 1)), numbers)


def _seconds(timings: Any) -> Trend:
    """Of each epoch."""
    if callable(getattr(timings, "timing_trend", None)):
        trend: Trend = timings.timing_trend()
        return trend
    history = getattr(timings, "history", None)
    records = list(history() if callable(history) else timings if isinstance(timings, Iterable) else [])
    if not records or not all(isinstance(record, EpochRecord) for record in records):
        raise MonitorError(
            f"a {type(timings).__name__} knows no times to plot",
            mend="give a monitor, read_event_log(path), a graph, or profiles of it: [model.profile(x), ...]",
        )
    return Trend([record.seconds for record in records], [record.epoch - 1 for record in records])


def _profiles(timings: Any) -> list[Any]:
    """One profile, or several; none where it is something else."""
    given = list(timings) if isinstance(timings, Sequence) and not hasattr(timings, "rows") else [timings]
    return given if all(hasattr(one, "rows") and hasattr(one, "leaves") for one in given) else []


def _by_part(profiles: Sequence[Any]) -> dict[str, Trend]:
    """Milliseconds, forward and backward, of each part by its path; of those with no other inside."""
    parts: dict[str, list[tuple[int, float]]] = {}
    for epoch, profile in enumerate(profiles):
        for row in profile.leaves:
            parts.setdefault(row.path, []).append((epoch, as_number(row.total)))
    return {path: Trend([time for _, time in points], [epoch for epoch, _ in points]) for path, points in parts.items()}
