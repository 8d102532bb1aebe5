"""A row of the monitor's table of costs: what was measured, beside what it may be."""

from __future__ import annotations

import random
from array import array

from attrs import frozen
from flodl_monitor.history import Curve, History


@frozen
class Row:
    """One line.

    Args:
        what: In words.
        measured: With its unit.
        wanted: Likewise.
        met: Whether it is as wanted; None: nothing is asked of it.
    """

    what: str
    measured: str
    wanted: str = ""
    met: bool | None = None

    def __str__(self) -> str:
        mark = {True: "yes", False: "NO", None: ""}[self.met]
        return f"{self.what:<66} {self.measured:>14} {self.wanted:>14}  {mark}"


def goal(what: str, measured: float, most: float, unit: str) -> Row:
    """A row with a figure that may be at most so large."""
    return Row(what, figure(measured, unit), f"<= {figure(most, unit)}", measured <= most)


def figure(value: float, unit: str) -> str:
    """Three digits and a unit."""
    text = f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
    return f"{text} {unit}".strip()


def long_history(epochs: int, metrics: int) -> History:
    """Noisy curves."""
    history, every = History(), range(1, epochs + 1)
    history.seconds = Curve(every, array("d", [0.5]) * epochs)
    history.times = Curve(every, array("d", (1.7e9 + epoch / 2 for epoch in every)))
    for number in range(metrics):
        chance = random.Random(number)
        values = array("d", (chance.random() for _ in every))
        history.metrics[f"part{number // 4}.metric{number}"] = Curve(every, values)
    return history
