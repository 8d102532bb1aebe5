"""The event log read back, line by line: by whom a run is watched, resumed or counted."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, final

from attrs import evolve, frozen
from flodl_core.errors import MonitorError
from flodl_core.rules import Firing

from flodl_monitor.about import About, about_from_json
from flodl_monitor.event_log import SCHEMA, firing_from_json, number_from_json
from flodl_monitor.record import EpochRecord, Mark
from flodl_monitor.scalars import as_count, as_number


@final
@frozen
class Began:
    """A run line: epochs from `epoch` on are about to be run, again where they are known."""

    epoch: int


@final
@frozen
class Finished:
    """A finish line: the run ended by itself."""

    epochs: int


@final
class LogReader:
    """Reads a log line by line, as it was written.

    Args:
        path: For messages.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)
        self._lines = 0
        self._fired: list[Firing] = []

    def take(self, line: str) -> EpochRecord | Mark | Began | Finished | About | None:
        """What a whole line says; None for one that only prepares the next, or that a later version added.

        Raises:
            MonitorError: It is no event log, is of a later schema, or the line is damaged.
        """
        self._lines += 1
        try:
            event = json.loads(line)
            if self._lines == 1 or event["event"] == "run":
                _check_schema(event)
                return Began(_count(event["from"]))
            if event["event"] == "rule":
                self._fired.append(firing_from_json(event))
            elif event["event"] == "epoch":
                fired, self._fired = self._fired, []
                return _record(event, fired)
            elif event["event"] == "mark":
                return Mark(_count(event["epoch"]), str(event["text"]))
            elif event["event"] == "about":
                return about_from_json(event)
            elif event["event"] == "finish":
                return Finished(_count(event["epochs"]))
        except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError) as error:
            what = error.what if isinstance(error, MonitorError) else "this line is no event of a training run"
            whole = f"the lines before it are whole: head -n {self._lines - 1} {self._path} > whole.jsonl"
            mend = whole if self._lines > 1 else 'a run writes a log with sinks=[ref("jsonl", path="run.jsonl")]'
            raise MonitorError(what, where=f"{self._path}:{self._lines}", mend=mend) from None
        return None


def read_event_log(path: str | os.PathLike[str]) -> list[EpochRecord]:
    """The epochs in a log, in order. A last line that a crash cut short is left out.

    Raises:
        MonitorError: It cannot be read, is no event log, is of a later schema, or a line inside it is damaged.
    """
    try:
        text = Path(path).read_bytes().decode("utf-8", "replace")
    except OSError as error:
        raise MonitorError(f"{path} cannot be read: {error}", mend="give the path of an event log") from None
    reader = LogReader(path)
    records: dict[int, EpochRecord] = {}
    for line in text.split("\n")[:-1]:
        said = reader.take(line)
        if isinstance(said, Began):
            records = {epoch: record for epoch, record in records.items() if epoch < said.epoch}
        elif isinstance(said, EpochRecord):
            records[said.epoch] = said
        elif isinstance(said, Mark) and (record := records.get(said.epoch)) and said.text not in record.marks:
            records[said.epoch] = evolve(record, marks=(*record.marks, said.text))
    return [records[epoch] for epoch in sorted(records)]


def _check_schema(event: Mapping[str, Any]) -> None:
    if event["event"] != "run":
        raise MonitorError("an event log begins with a run line")
    if event["schema"] > SCHEMA:
        raise MonitorError(f"the log has schema {event['schema']}, this flodl-monitor reads up to {SCHEMA}")


def _record(event: Mapping[str, Any], fired: Iterable[Firing]) -> EpochRecord:
    eta = event.get("eta")
    return EpochRecord(
        epoch=_count(event["epoch"]),
        total=_count(event["total"]),
        seconds=number_from_json(event["seconds"]),
        eta=None if eta is None else number_from_json(eta),
        metrics={name: number_from_json(value) for name, value in event["metrics"].items()},
        resources={name: number_from_json(value) for name, value in event["resources"].items()},
        fired=tuple(firing for firing in fired if firing.epoch == event["epoch"]),
        marks=tuple(map(str, event.get("marks", ()))),
        time=_time(event["time"]),
    )


def _count(value: object) -> int:
    """A count that any view can hold; from a file that anybody may have written."""
    count = as_count(value)
    if count >= 2**31:
        raise ValueError("no run has so many epochs")
    return count


def _time(value: object) -> float:
    time = as_number(value)
    if not math.isfinite(time):
        raise ValueError("a time is finite")
    return time
