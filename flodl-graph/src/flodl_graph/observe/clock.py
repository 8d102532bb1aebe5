"""How long epochs take, by the monotonic clock."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, final

from attrs import define, field
from flodl_core.trends.ledger import points_from

NAME = "seconds"
"""What the curve of durations is called."""


@final
@define
class Clock:
    """Seconds of each finished epoch, from the first number recorded in it, or the end of the one before."""

    points: list[tuple[int, float]] = field(factory=list)
    began: float | None = None

    def start(self) -> None:
        """The epoch has begun, if it had not."""
        if self.began is None:
            self.began = time.monotonic()

    def lap(self, epoch: int) -> None:
        """The epoch is over, and the next one begins."""
        now = time.monotonic()
        if self.began is not None:
            self.points = [point for point in self.points if point[0] < epoch] + [(epoch, now - self.began)]
        self.began = now

    def state_dict(self) -> dict[str, Any]:
        """The durations: plain data."""
        return {NAME: list(self.points)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from them; the epoch that is under way begins now."""
        self.points, self.began = points_from(state).get(NAME, []), None
