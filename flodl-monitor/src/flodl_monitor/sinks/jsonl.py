"""Sink `jsonl`: the event log, a line per epoch, from which every other view can be made."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import final

from flodl_monitor.about import About
from flodl_monitor.event_log import about_line, epoch_line, finish_line, mark_line, rule_lines, run_line
from flodl_monitor.history import History
from flodl_monitor.line_file import LineFile, checked_path, drop_torn_line, set_aside
from flodl_monitor.record import EpochRecord, Mark


@final
class Jsonl:
    """An append-only log of the run (`flodl_monitor.event_log` describes the lines).

    A run that begins at epoch 1 keeps an earlier file as `<name>.previous.jsonl`; a resumed one
    appends to the same file, and where that is not there begins one with the epochs that the monitor remembers.

    Args:
        path: The file; its folder is made.

    Raises:
        MonitorError: The path cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path: Path = checked_path(path)
        self._file: LineFile | None = None
        self._last = 0
        self._about: About | None = None
        self._past = History()

    def begin(self, past: History) -> None:
        """Take what a resumed run brings, for a file that does not hold it; in one that does, another run begins."""
        if self._file is not None:
            self._file.close()
        self._file, self._past = None, past

    def emit(self, record: EpochRecord) -> None:
        """Append the epoch's line."""
        if self._file is None:
            self._file = self._begin(record)
        self._file.append(rule_lines(record) + epoch_line(record))
        self._last = record.epoch

    def mark(self, mark: Mark) -> None:
        """Append what was said of an epoch that is over; one of before this log went on stands in it already."""
        if self._file is not None:
            self._file.append(mark_line(mark))

    def describe(self, about: About) -> None:
        """Append what the run is of; at its beginning after the line that opens it."""
        self._about = about
        if self._file is not None:
            self._file.append(about_line(about))

    def close(self) -> None:
        """Say that the run is over, and bring all to the disk."""
        if self._file is not None:
            self._file.append(finish_line(self._last, round(time.time(), 3)))
            self._file.close()

    def _begin(self, record: EpochRecord) -> LineFile:
        past = [*self._past.records(record.total)]
        self._past = History()
        if record.epoch > 1 and self.path.exists():
            drop_torn_line(self.path)
            past = []
        else:
            set_aside(self.path)
        file = LineFile(self.path)
        if past:
            file.append(run_line(past[0]) + "".join(rule_lines(one) + epoch_line(one) for one in past))
        file.append(run_line(record) + (about_line(self._about) if self._about else ""))
        return file
