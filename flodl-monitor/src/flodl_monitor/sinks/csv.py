"""Sink `csv`: a table that grows by a row per epoch, and by a column when a new name appears."""

from __future__ import annotations

import os
from pathlib import Path
from typing import final

from flodl_monitor.history import History
from flodl_monitor.line_file import (
    LineFile,
    check_claim,
    checked_path,
    claim,
    drop_torn_line,
    read_text,
    replace_text,
    set_aside,
)
from flodl_monitor.record import EpochRecord
from flodl_monitor.table import cells_of, columns_of, line_of, read_rows, row_line


@final
class Csv:
    """One row per epoch: `epoch,seconds`, the metrics, the machine's readings; blank where unknown.

    Whole at every moment, also after a kill. A run that begins at epoch 1 keeps an earlier file as
    `<name>.previous.csv`; a resumed one goes on in the same file, after the epochs it begins from, and where that
    file is not there begins one with the epochs that the monitor remembers.

    Args:
        path: The file; its folder is made.

    Raises:
        MonitorError: The path cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path: Path = checked_path(path)
        self._columns: list[str] = []
        self._file: LineFile | None = None
        self._past = History()

    def begin(self, past: History) -> None:
        """Take what a resumed run brings, for a file that does not hold it; of one that does, the end is cut off."""
        self.close()
        self._file, self._columns, self._past = None, [], past

    def emit(self, record: EpochRecord) -> None:
        """Append the epoch's row."""
        row = cells_of(record)
        if self._file is None:
            self._begin(record)
        if any(column not in self._columns for column in row):
            check_claim(self.path, self)
            self._rewrite([*read_rows(read_text(self.path))[1], row])
        else:
            assert self._file is not None
            self._file.append(row_line(row, self._columns))

    def close(self) -> None:
        """Bring all to the disk."""
        if self._file is not None:
            self._file.close()

    def _begin(self, record: EpochRecord) -> None:
        """Go on in the file of this run, or begin a new one."""
        claim(self.path, self)
        rows = [cells_of(past) for past in self._past.records(record.total)]
        self._past = History()
        if record.epoch > 1 and self.path.exists():
            drop_torn_line(self.path)
            try:
                before = read_rows(read_text(self.path))[1]
                rows = [row for row in before if int(row["epoch"]) < record.epoch]
            except (ValueError, KeyError):
                set_aside(self.path)
        else:
            set_aside(self.path)
        self._rewrite(rows)

    def _rewrite(self, rows: list[dict[str, str]]) -> None:
        columns = columns_of([dict.fromkeys(self._columns, ""), *rows])
        self.close()
        replace_text(self.path, [line_of(columns), *(row_line(row, columns) for row in rows)])
        self._columns, self._file = columns, LineFile(self.path)
