"""Curves that one has already, as a page: no run, no monitor."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Mapping
from pathlib import Path

from flodl_core.errors import MonitorError

from flodl_monitor.history import Curve, History
from flodl_monitor.line_file import checked_path, replace_text
from flodl_monitor.scalars import as_name, as_number
from flodl_monitor.web.page import page_of


def plot_html(
    path: str | os.PathLike[str], curves: Mapping[str, Iterable[object]], title: str = "Training Curves"
) -> Path:
    """Write curves as one page that opens from disk; the path written.

    Args:
        curves: Dotted name to values, one an epoch: `{"loss": [0.7, 0.4], "seconds": durations}`.
        title: The page's heading.

    Raises:
        MonitorError: A value is no number, or the path cannot be written.
    """
    real = checked_path(path)
    history = History()
    for name, values in curves.items():
        numbers = array("d", map(as_number, values))
        history.metrics[as_name(name)] = Curve(array("q", range(1, len(numbers) + 1)), numbers)
    try:
        replace_text(real, [page_of(history, title=title, total=0, finished=True)])
    except OSError as error:
        raise MonitorError(f"{real} cannot be written: {error}") from None
    return real
