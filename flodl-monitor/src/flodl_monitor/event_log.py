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
from collections.abc import Mapping
from typing import Any

from flodl_core.rules import Firing

from flodl_monitor.about import About, about_to_json
from flodl_monitor.record import EpochRecord, Mark

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


def _numbers_to_json(numbers: Mapping[str, float]) -> dict[str, float | str]:
    return {name: number_to_json(value) for name, value in numbers.items()}


def _line(event: Mapping[str, Any]) -> str:
    """ASCII, so that no name can break a line: U+2028, lone surrogates and all are escaped."""
    return json.dumps(event, ensure_ascii=True, allow_nan=False) + "\n"
