"""An event log that may still be growing, as a live page: a run watched from its files, not from its process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import final

from flodl_core.errors import MonitorError

from flodl_monitor.about import About
from flodl_monitor.history import History
from flodl_monitor.line_file import checked_path, write_file
from flodl_monitor.log_reader import Began, Finished, LogReader
from flodl_monitor.record import EpochRecord, Mark
from flodl_monitor.sinks.dashboard import Dashboard
from flodl_monitor.web.page import page_of


def event_log_in(path: str | os.PathLike[str]) -> Path:
    """The log that a path names: the file itself, or the one `.jsonl` of a folder.

    Raises:
        MonitorError: There is none, there are several, or nobody may look.
    """
    given = Path(path)
    try:
        if given.is_file():
            return given
        there = given.glob("*.jsonl") if given.is_dir() else ()
        found = sorted(log for log in there if log.is_file() and not log.stem.endswith(".previous"))
    except (OSError, ValueError) as error:  # a folder that may not be looked into, too long a name, a NUL in it
        raise MonitorError(f"{given!s:.200} cannot be read: {error}") from None
    if len(found) == 1:
        return found[0]
    if found:
        raise MonitorError(
            f"{path} holds {len(found)} event logs", mend=f"name one: {', '.join(log.name for log in found)}"
        )
    raise MonitorError(
        f"there is no event log at {path}", mend='a run writes one with sinks=[ref("jsonl", path="run.jsonl")]'
    )


def saved_page(log: Path, path: str | os.PathLike[str]) -> Path:
    """Write a log as one page that opens from disk; the path written.

    Raises:
        MonitorError: The log cannot be read, or the page cannot be written.
    """
    real = checked_path(path)
    if real.exists() and real.samefile(log):
        raise MonitorError(f"the page would replace the event log {log}", mend=f"another path: {log.stem}.html")
    past = Past(log)
    return write_file(real, [page_of(past.history, title=log.stem, total=past.total, finished=past.finished)])


@final
class Past:
    """What a log holds, and where its reading goes on.

    Raises:
        MonitorError: The file cannot be read, or is no event log.
    """

    def __init__(self, log: Path) -> None:
        self.log, self.history, self.total = log, History(), 0
        self.finished = False
        """Whether the run ended by itself."""
        self._reader, self._place, self._torn = LogReader(log), 0, b""
        self._file: os.stat_result | None = None
        for said in self.fresh():
            if isinstance(said, Began):
                self.history.cut(said.epoch)
            elif isinstance(said, EpochRecord):
                self.history.cut(said.epoch)
                self.history.append(said)
            elif isinstance(said, Mark):
                self.history.mark(said)
            elif isinstance(said, About):
                self.history.about = said

    @property
    def replaced(self) -> bool:
        """Whether another run has begun a log at its place since it was read."""
        try:
            return self._file is not None and not os.path.samestat(self._file, self.log.stat())
        except OSError:
            return False

    def fresh(self) -> list[EpochRecord | Mark | Began | Finished | About]:
        """What was written since.

        Raises:
            MonitorError: The file is gone, became shorter, or a line is damaged.
        """
        try:
            with self.log.open("rb") as file:
                self._file = os.fstat(file.fileno())
                if file.seek(0, os.SEEK_END) < self._place:
                    raise MonitorError(f"{self.log} became shorter while it was watched", mend="flodl watch it anew")
                file.seek(self._place)
                fresh = file.read()
        except OSError as error:
            raise MonitorError(f"{self.log} cannot be read: {error}") from None
        self._place += len(fresh)
        *whole, self._torn = (self._torn + fresh).split(b"\n")  # a line may be half written at this moment
        said = [event for line in whole if (event := self._reader.take(line.decode("utf-8", "replace"))) is not None]
        if said:
            ends = [event for event in said if isinstance(event, Began | EpochRecord | Finished)]
            self.finished = isinstance(ends[-1], Finished) if ends else self.finished
        self.total = next((event.total for event in reversed(said) if isinstance(event, EpochRecord)), self.total)
        return said


@final
class Follower:
    """Hands a log to a dashboard, as far as it is written, each time it is asked.

    Args:
        past: What the file holds. It may grow, a run that goes on may append to it, another may begin at its place.
        dashboard: Shows it.
    """

    def __init__(self, past: Past, dashboard: Dashboard) -> None:
        self._past, self._dashboard = past, dashboard
        dashboard.begin(self._past.history, self._past.total, finished=self.finished)

    @property
    def finished(self) -> bool:
        """Whether the run ended by itself."""
        return self._past.finished

    def read(self) -> int:
        """Show what was written since; how many epochs that was.

        Raises:
            MonitorError: The file is gone, became shorter, or a line is damaged.
        """
        if self._past.replaced:
            self._past = Past(self._past.log)
            self._past.history.about = self._past.history.about or About()  # not that of the run before
            self._dashboard.begin(self._past.history, self._past.total, finished=self.finished)
            return len(self._past.history)
        count = 0
        for said in self._past.fresh():
            if isinstance(said, EpochRecord):
                self._dashboard.emit(said)
                count += 1
            elif isinstance(said, Mark):
                self._dashboard.mark(said)
            elif isinstance(said, About):
                self._dashboard.describe(said)
            elif isinstance(said, Finished):
                self._dashboard.finish()
        return count
