"""Sink `html`: the run as one page that opens from disk, kept up to date while the run goes on."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import final

from flodl_monitor.about import About
from flodl_monitor.history import History
from flodl_monitor.line_file import check_claim, checked_path, claim, read_text, replace_text, set_aside
from flodl_monitor.record import EpochRecord, Mark
from flodl_monitor.web.page import history_in, page_of

REFRESH = 30.0
"""Seconds between writings: what a crash may cost the page. The event log loses nothing."""
SHARE = 0.005
"""Of the time, at most so much goes into writing the page: a very long run's is written less often."""


@final
class Html:
    """Curves, readings and a table of all metrics in one file, without server or network.

    Replaced at once after the first epoch, then every 30 s, and at the end. A run that begins at
    epoch 1 keeps an earlier page as `<name>.previous.html`; a resumed one goes on in the same page.

    Args:
        path: The file; its folder is made.
        title: The page's heading; the file's name if not given.

    Raises:
        MonitorError: The path cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str], title: str | None = None) -> None:
        self.path: Path = checked_path(path)
        self._title = self.path.stem if title is None else title
        self._history: History | None = None
        self._past: History | None = None
        self._total = 0
        self._about: About | None = None
        self._due = 0.0

    def begin(self, past: History) -> None:
        """Go on from the curves that a resumed run brings, whatever the page holds of them."""
        if self._history is not None:
            self._write(self._history, finished=False)
        self._history, self._past, self._due = None, past, 0.0

    def emit(self, record: EpochRecord) -> None:
        """Take one epoch in; write the page when it is time."""
        if self._history is None:
            found = self._begin(record.epoch)
            self._history = self._past or found
            self._history.about = self._about or found.about
        self._history.append(record)
        self._total = record.total
        if time.monotonic() >= self._due:
            self._write(self._history, finished=False)

    def mark(self, mark: Mark) -> None:
        """Show what was said of an epoch that is over, from the next writing on."""
        if self._history is not None:
            self._history.mark(mark)

    def describe(self, about: About) -> None:
        """Show what the run is of, from the next writing on."""
        self._about = about
        if self._history is not None:
            self._history.about = about

    def close(self) -> None:
        """Write the page for the last time."""
        if self._history is not None:
            self._write(self._history, finished=True)

    def _begin(self, epoch: int) -> History:
        claim(self.path, self)
        if epoch > 1 and self.path.exists():
            try:
                history = history_in(read_text(self.path))
            except (ValueError, LookupError, TypeError):
                set_aside(self.path)
                return History()
            history.cut(epoch)
            return history
        set_aside(self.path)
        return History()

    def _write(self, history: History, *, finished: bool) -> None:
        check_claim(self.path, self)
        began = time.monotonic()
        replace_text(self.path, [page_of(history, title=self._title, total=self._total, finished=finished)])
        written = time.monotonic()
        self._due = written + max(REFRESH, (written - began) / SHARE)
