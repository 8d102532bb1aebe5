"""A history as compact JSON and back: every curve with its own epochs, numbers in binary.

Values are 32-bit floats (seven digits: what a chart can show), 64-bit where a value does not fit.
Epochs without a gap are their first and their count; times are milliseconds after the first. Everything is
little-endian base64.
"""

from __future__ import annotations

import base64
import math
import sys
from array import array
from collections.abc import Iterator, Mapping
from typing import Any

from flodl_monitor.about import about_from_json, about_to_json
from flodl_monitor.event_log import firing_from_json, firing_to_json
from flodl_monitor.history import Curve, History, finite_sum
from flodl_monitor.thin import thinned_history

SCHEMA = 2
"""The version of the payload's form: 2 has rules, marks and what the run is of."""

EXACT = 10_000
"""Points of a curve that a saved page holds; of a longer run those that stand out. The event log has all."""
LIVE = 2_000
"""The same of a served page, which is sent to every reader."""
TOLD = 1_000
"""Of rules that fired, and of marks: the last so many."""

_LEAST, _MOST = 1.2e-38, 3.4e38
"""Sizes between which a 32-bit float keeps its seven digits."""


def payload_of(history: History, *, title: str, total: int, finished: bool, points: int = EXACT) -> dict[str, Any]:
    """All that the page shows, as plain data; of each curve at most `points` points."""
    shown = thinned_history(history, points)
    return {
        "schema": SCHEMA,
        "title": title,
        "total": total,
        "finished": finished,
        "epochs": len(history),
        "spent": history.spent,
        "curves": [_pack(kind, name, curve) for kind, name, curve in _curves(shown)],
        "fired": [firing_to_json(firing) for firing in history.fired[-TOLD:]],
        "marks": [list(mark) for mark in history.marks[-TOLD:]],
        "about": None if history.about is None else about_to_json(history.about),
    }


def history_of(payload: Mapping[str, Any]) -> History:
    """The history in a payload.

    Raises:
        ValueError, LookupError, TypeError: It is none, or of a later schema.
    """
    if payload["schema"] > SCHEMA:
        raise ValueError(f"the page has schema {payload['schema']}, this flodl-monitor reads up to {SCHEMA}")
    history = History()
    homes = {"metric": history.metrics, "resource": history.resources}
    for packed in payload["curves"]:
        curve = _unpack(packed)
        if packed["kind"] in homes:
            homes[packed["kind"]][packed["name"]] = curve
        elif packed["kind"] == "seconds":
            history.seconds = curve
        else:
            history.times = curve
    history.fired = [firing_from_json(firing) for firing in payload.get("fired", ())]
    history.marks = [(int(epoch), str(text)) for epoch, text in payload.get("marks", ())]
    history.spent = float(payload.get("spent", finite_sum(history.seconds.values)))
    about = payload.get("about")
    history.about = None if about is None else about_from_json(about)
    return history


def _curves(history: History) -> Iterator[tuple[str, str, Curve]]:
    yield "seconds", "seconds", history.seconds
    yield "time", "time", history.times
    for kind, curves in (("metric", history.metrics), ("resource", history.resources)):
        for name, curve in curves.items():
            yield kind, name, curve


def _pack(kind: str, name: str, curve: Curve) -> dict[str, Any]:
    epochs = curve.epochs
    if kind == "time" and (ticks := _milliseconds(curve.values)) is not None:
        sort, base, values = "ms", curve.values[0], _text(ticks)
    else:
        wide = kind == "time" or not _fit(curve.values)
        sort, base, values = "f8" if wide else "f4", None, _text(array("d" if wide else "f", curve.values))
    return {
        "kind": kind,
        "name": name,
        "epochs": [epochs[0], len(epochs)] if isinstance(epochs, range) and epochs else _text(array("i", epochs)),
        "type": sort,
        **({} if base is None else {"base": base}),
        "values": values,
    }


def _unpack(packed: Mapping[str, Any]) -> Curve:
    if packed["type"] == "ms":
        base, ticks = float(packed["base"]), array("i", _bytes(packed["values"], 4))
        values = array("d", (base + tick / 1000 for tick in ticks))
    else:
        values = array("d" if packed["type"] == "f8" else "f")
        values.frombytes(_bytes(packed["values"], values.itemsize))
    epochs: array[int] = array("q")
    if isinstance(packed["epochs"], str):
        epochs.extend(iter(array("i", _bytes(packed["epochs"], 4))))
    else:
        first, count = packed["epochs"]
        epochs.extend(range(first, first + len(values)) if count == len(values) else ())
    if len(epochs) != len(values):
        raise ValueError("a curve has as many epochs as values")
    return Curve(epochs, array("d", values))


def _milliseconds(values: array[float]) -> array[int] | None:
    """Times after the first; None where there is none, or one is weeks away from it."""
    if not values or not all(map(math.isfinite, values)) or max(values) - min(values) > 2e6:
        return None
    first = values[0]
    return array("i", (round((value - first) * 1000) for value in values))


def _fit(values: array[float]) -> bool:
    """Without a step of Python per value: a long run's page must not hold the interpreter."""
    finite: Iterator[float] = filter(math.isfinite, values)
    sizes = list(filter(None, map(abs, finite)))
    return not sizes or (min(sizes) >= _LEAST and max(sizes) <= _MOST)


def _text(numbers: array[Any]) -> str:
    if sys.byteorder == "big":
        numbers.byteswap()
    return base64.b64encode(numbers.tobytes()).decode("ascii")


def _bytes(text: str, size: int) -> bytes:
    data = base64.b64decode(text, validate=True)
    if sys.byteorder == "big":
        swapped = array({4: "i", 8: "q"}[size], data)
        swapped.byteswap()
        return swapped.tobytes()
    return data
