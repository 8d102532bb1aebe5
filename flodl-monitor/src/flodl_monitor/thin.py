"""Fewer points of a long curve, chosen so that it looks the same: nothing that stands out is lost, nothing moves.

Epochs are cut into stretches of equal width, a power of two, always at the same places; of each stretch the
lowest and the highest point stay, and the first that is no finite number. A curve that grows keeps the points it had
until the width doubles, and then keeps half of them: it never flickers.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterator

from flodl_monitor.history import Curve, Epochs, History


def thinned(curve: Curve, limit: int) -> Curve:
    """The curve with at most about `limit` points, each where it was; itself when it is short enough.

    >>> curve = Curve(array("q", range(1, 1001)), array("d", map(math.sin, range(1000))))
    >>> len(thinned(curve, 100).epochs) <= 100, max(thinned(curve, 100).values) == max(curve.values)
    (True, True)
    """
    if len(curve.epochs) <= limit:
        return curve
    kept = list(_places(curve, width_for(curve.epochs, limit)))
    return Curve(
        array("q", (curve.epochs[place] for place in kept)), array("d", (curve.values[place] for place in kept))
    )


def thinned_history(history: History, limit: int) -> History:
    """Every curve thinned; of the epochs themselves those at which an epoch took least or longest."""
    if history.longest <= limit:
        return history
    twin = History()
    seconds = history.seconds
    rows = list(_places(seconds, width_for(seconds.epochs, limit))) if seconds.epochs else []
    for name in ("seconds", "times"):
        curve = getattr(history, name)
        setattr(
            twin, name, Curve(array("q", (curve.epochs[r] for r in rows)), array("d", (curve.values[r] for r in rows)))
        )
    twin.metrics = {name: thinned(curve, limit) for name, curve in history.metrics.items()}
    twin.resources = {name: thinned(curve, limit) for name, curve in history.resources.items()}
    twin.fired, twin.marks = history.fired, history.marks
    twin.about, twin.spent = history.about, history.spent
    return twin


def width_for(epochs: Epochs, limit: int) -> int:
    """Epochs in a stretch: the least power of two that leaves room for two points of each, and for both ends."""
    span, width = epochs[-1] - epochs[0] + 1, 1
    while 2 * (span // width + 2) + 2 > limit:
        width *= 2
    return width


def _places(curve: Curve, width: int) -> Iterator[int]:
    """Without a step of Python per value where all are numbers: a long run's page must not hold the interpreter."""
    epochs, values = curve.epochs, curve.values
    start, last = 0, len(epochs) - 1
    yield 0
    while start <= last:
        stop = bisect_left(epochs, (epochs[start] // width + 1) * width, start)
        yield from (place for place in _outstanding(values[start:stop], start) if 0 < place < last)
        start = stop
    if last:
        yield last


def _outstanding(values: array[float], start: int) -> list[int]:
    if math.isfinite(sum(values)):
        return sorted({start + values.index(min(values)), start + values.index(max(values))})
    finite = [place for place, value in enumerate(values) if math.isfinite(value)]
    chosen = {min(finite, key=values.__getitem__), max(finite, key=values.__getitem__)} if finite else set()
    odd = next((place for place, value in enumerate(values) if not math.isfinite(value)), None)
    return sorted(start + place for place in (chosen if odd is None else {*chosen, odd}))
