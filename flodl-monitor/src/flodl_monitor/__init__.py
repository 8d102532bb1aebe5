"""Watching a training run: one call per epoch, views by name, and never in training's way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flodl_core.lazy import lazy_exports

if TYPE_CHECKING:
    from flodl_monitor.about import About
    from flodl_monitor.history import History
    from flodl_monitor.log_reader import read_event_log
    from flodl_monitor.monitor import Monitor
    from flodl_monitor.plot import plot_html, plot_timings_html
    from flodl_monitor.protocols import Probe, Sink
    from flodl_monitor.record import EpochRecord, Mark

__all__ = [
    "About",
    "EpochRecord",
    "History",
    "Mark",
    "Monitor",
    "Probe",
    "Sink",
    "plot_html",
    "plot_timings_html",
    "read_event_log",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "About": "flodl_monitor.about",
        "EpochRecord": "flodl_monitor.record",
        "History": "flodl_monitor.history",
        "Mark": "flodl_monitor.record",
        "Monitor": "flodl_monitor.monitor",
        "Probe": "flodl_monitor.protocols",
        "Sink": "flodl_monitor.protocols",
        "plot_html": "flodl_monitor.plot",
        "plot_timings_html": "flodl_monitor.plot",
        "read_event_log": "flodl_monitor.log_reader",
    },
)
