"""When the run will be over: plain arithmetic over the last epochs' times; no clock, no I/O."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from typing import final

WINDOW = 9
"""Epochs looked at: five epochs after a change of pace, the median is of the new pace."""


@final
class Eta:
    """The time left, from the median of the recent epochs.

    The median, so that one long epoch (a checkpoint, a hiccup) moves nothing; the recent ones, so
    that a resumed run is judged by its own pace and not by the clock since somebody began.

    >>> eta = Eta([2.0, 2.0, 60.0])
    >>> eta.left(10)
    20.0
    """

    def __init__(self, seconds: Iterable[float] = ()) -> None:
        self._recent: deque[float] = deque(maxlen=WINDOW)
        for value in seconds:
            self.add(value)

    @property
    def recent(self) -> list[float]:
        """Seconds of the epochs looked at, oldest first."""
        return list(self._recent)

    def add(self, seconds: float) -> None:
        """One more epoch took this long. What is no duration is not counted."""
        if 0.0 <= seconds < math.inf:
            self._recent.append(seconds)

    def left(self, epochs: int) -> float | None:
        """Seconds that so many further epochs will take; None when none are left or none were seen."""
        if epochs <= 0 or not self._recent:
            return None
        return _median(sorted(self._recent)) * epochs


def _median(ordered: list[float]) -> float:
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
