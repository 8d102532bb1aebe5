"""The event log: one JSON object per line, the run as it happened; every other view can be made from it.

    {"event": "run", "schema": 1, "from": 1, "total": 100, "time": 1767225600.0}
    {"event": "epoch", "epoch": 1, "total": 100, "seconds": 0.024, "eta": 2.4, "metrics": {"loss": 0.7}, ...}
    {"event": "about", "title": "digits", "settings": {"lr": "0.01"}, "environment": {...}, ...}
    {"event": "rule", "epoch": 40, "condition": "trend('loss').stalled(10)", "actions": ["stop()"], "windows": {...}}
    {"event": "mark", "epoch": 40, "text": "saved runs/digits/step-00000400-0001"}
    {"event": "finish", "epochs": 100, "time": 1767225603.1}

A resumed run appends another `run` line; an epoch that was run again replaces itself and what came
after it. What a rule did at the end of an epoch stands before the epoch's line. What the run is of may
be said again: the last counts. A mark that came when its epoch was over is a line of its own. JSON has no NaN: it and
the infinities are the strings "NaN", "Infinity", "-Infinity".
"""

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

from flodl_monitor.about import About, about_from_json, about_to_json
from flodl_monitor.record import EpochRecord, Mark
from flodl_monitor.scalars import as_count, as_number

SCHEMA = 1
"""The version of the lines' form, in every `run` line."""

_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def number_to_json(value: float) -> float | str:
    """A float, or its name where JSON has none.

    >>> number_to_json(0.5), number_to_json(float("-inf"))
    (0.5, '-Infinity')
    """
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def number_from_json(value: Any) -> float:
    """The float that `number_to_json` wrote."""
    return _WORDS[value] if isinstance(value, str) else float(value)


def run_line(record: EpochRecord) -> str:
    """The line that opens a log, and opens it again when a run goes on: `record` is the first to come."""
    return _line({"event": "run", "schema": SCHEMA, "from": record.epoch, "total": record.total, "time": record.time})


def epoch_line(record: EpochRecord) -> str:
    """One finished epoch as a line."""
    return _line(
        {
            "event": "epoch",
            "epoch": record.epoch,
            "total": record.total,
            "seconds": number_to_json(round(record.seconds, 6)),
            **({} if record.eta is None else {"eta": number_to_json(round(record.eta, 3))}),
            "time": round(record.time, 3),
            "metrics": _numbers_to_json(record.metrics),
            "resources": _numbers_to_json(record.resources),
            **({"marks": list(record.marks)} if record.marks else {}),
        }
    )


def about_line(about: About) -> str:
    """What the run is of, as a line."""
    return _line({"event": "about", **about_to_json(about)})


def mark_line(mark: Mark) -> str:
    """A mark that came late, as a line."""
    return _line({"event": "mark", "epoch": mark.epoch, "text": mark.text})


def rule_lines(record: EpochRecord) -> str:
    """What rules did at the end of an epoch, a line each; they go before the epoch's own."""
    return "".join(_line({"event": "rule", **firing_to_json(firing)}) for firing in record.fired)


def firing_to_json(firing: Firing) -> dict[str, Any]:
    """A firing as plain data."""
    windows = {name: [number_to_json(value) for value in values] for name, values in firing.windows.items()}
    return {
        "epoch": firing.epoch,
        "condition": firing.condition,
        "actions": list(firing.actions),
        "windows": windows,
    }


def firing_from_json(plain: Mapping[str, Any]) -> Firing:
    """The firing that `firing_to_json` wrote."""
    windows = {name: list(map(number_from_json, values)) for name, values in plain["windows"].items()}
    return Firing(
        epoch=int(plain["epoch"]), condition=str(plain["condition"]), actions=tuple(plain["actions"]), windows=windows
    )


def finish_line(epochs: int, time: float) -> str:
    """The line of a run that ended by itself, whether or not all its epochs were run."""
    return _line({"event": "finish", "epochs": epochs, "time": time})


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


def _numbers_to_json(numbers: Mapping[str, float]) -> dict[str, float | str]:
    return {name: number_to_json(value) for name, value in numbers.items()}


def _line(event: Mapping[str, Any]) -> str:
    """ASCII, so that no name can break a line: U+2028, lone surrogates and all are escaped."""
    return json.dumps(event, ensure_ascii=True, allow_nan=False) + "\n"
