"""Curves as files: a table for other programs, a log for people."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterator, Mapping, Sequence

from flodl_core import TrainingError
from flodl_core.checkpoint.commit import committed
from flodl_core.trends import Trend


def write_csv(path: str | os.PathLike[str], trends: Mapping[str, Trend]) -> None:
    """A row per epoch, counted from 1, a column per name; blank where nothing was recorded. Replaced at once.

    Raises:
        TrainingError: There is nothing to write.
        CheckpointError: It cannot be written; what was there before is untouched.
    """
    _check_any(trends)
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(["epoch", *trends])
    by_epoch = [dict(zip(trend.epochs, trend.values, strict=True)) for trend in trends.values()]
    for epoch in sorted(set().union(*by_epoch)):
        rows.writerow([epoch + 1, *(_cell(values.get(epoch)) for values in by_epoch)])
    _write(path, table.getvalue())


def write_log(path: str | os.PathLike[str], trends: Mapping[str, Trend], seconds: Trend, total: int) -> None:
    """A line per epoch: number, values, duration and the time left, as it would have been shown then.

    Raises:
        TrainingError: There is nothing to write.
        CheckpointError: It cannot be written; what was there before is untouched.
    """
    _check_any(trends)
    lines = [f"# epoch  {'  '.join(trends)}  [duration  ETA]", *_log_lines(trends, seconds, total)]
    _write(path, "\n".join(lines) + "\n")


def time_left(seconds: Sequence[float], total: int) -> float:
    """Seconds that the rest of `total` epochs will take, at the mean pace so far; 0 before the first."""
    return sum(seconds) / len(seconds) * max(total - len(seconds), 0) if seconds else 0.0


def duration(seconds: float) -> str:
    """A duration as floDl writes it.

    >>> [duration(value) for value in (0.042, 1.24, 125.0)]
    ['42ms', '1.2s', '2m05s']
    """
    if seconds < 1.0:
        return f"{seconds * 1e3:.0f}ms"
    if seconds < 60.0:
        return f"{seconds:.1f}s"
    return f"{int(seconds) // 60}m{int(seconds) % 60:02d}s"


def figure(value: float) -> str:
    """A value as floDl writes it.

    >>> [figure(value) for value in (0.0, 0.00012, 0.5, 123.456)]
    ['0', '1.20e-04', '0.5000', '123.46']
    """
    if value == 0.0 or not math.isfinite(value):
        return "0" if value == 0.0 else str(value)
    if abs(value) < 1e-3:
        return f"{value:.2e}"
    return f"{value:.4f}" if abs(value) < 100.0 else f"{value:.2f}"


def _log_lines(trends: Mapping[str, Trend], seconds: Trend, total: int) -> Iterator[str]:
    by_epoch = {name: dict(zip(trend.epochs, trend.values, strict=True)) for name, trend in trends.items()}
    took = dict(zip(seconds.epochs, seconds.values, strict=True))
    for epoch in sorted(set().union(*by_epoch.values())):
        words = [f"{name}={figure(values[epoch])}" for name, values in by_epoch.items() if epoch in values]
        times = []
        if epoch in took:
            so_far = [value for at, value in took.items() if at <= epoch]
            left = sum(so_far) / len(so_far) * max(total - epoch - 1, 0)
            times = [f"[{duration(took[epoch])}  ETA {duration(left)}]"]
        yield "  ".join([f"{epoch + 1:>3}", *words, *times])


def _cell(value: float | None) -> str:
    """Eight decimals, as floDl writes them; all digits that matter where these would be zeros."""
    if value is None:
        return ""
    return f"{value:.8f}" if abs(value) >= 1e-3 or value == 0.0 else f"{value:.8e}"


def _check_any(trends: Mapping[str, Trend]) -> None:
    if not any(map(len, trends.values())):
        raise TrainingError("there is no curve to write", mend="record() something and end an epoch first")


def _write(path: str | os.PathLike[str], text: str) -> None:
    with committed(path) as file:
        file.write(text.encode())
