"""A history as compact JSON and back: every curve with its own epochs, numbers in binary.

Values are 32-bit floats (seven digits: what a chart can show), 64-bit where a value does not fit.
Epochs without a gap are their first and their count. Everything is little-endian base64.
"""

from __future__ import annotations

import base64
import math
import sys
from array import array
from collections.abc import Iterator, Mapping
from typing import Any

from flodl_monitor.history import Curve, History

SCHEMA = 1
"""The version of the payload's form."""

_LEAST, _MOST = 1.2e-38, 3.4e38
"""Sizes between which a 32-bit float keeps its seven digits."""


def payload_of(history: History, *, title: str, total: int, finished: bool) -> dict[str, Any]:
    """All that the page shows, as plain data."""
    return {
        "schema": SCHEMA,
        "title": title,
        "total": total,
        "finished": finished,
        "curves": [_pack(kind, name, curve) for kind, name, curve in _curves(history)],
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
    return history


def _curves(history: History) -> Iterator[tuple[str, str, Curve]]:
    yield "seconds", "seconds", history.seconds
    yield "time", "time", history.times
    for kind, curves in (("metric", history.metrics), ("resource", history.resources)):
        for name, curve in curves.items():
            yield kind, name, curve


def _pack(kind: str, name: str, curve: Curve) -> dict[str, Any]:
    epochs = curve.epochs
    dense = bool(epochs) and epochs == array("q", range(epochs[0], epochs[0] + len(epochs)))
    wide = kind == "time" or not _fit(curve.values)
    return {
        "kind": kind,
        "name": name,
        "epochs": [epochs[0], len(epochs)] if dense else _text(array("i", epochs)),
        "type": "f8" if wide else "f4",
        "values": _text(array("d" if wide else "f", curve.values)),
    }


def _unpack(packed: Mapping[str, Any]) -> Curve:
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
