"""What is known of one signature: how it ran, its recording, or why there is none."""

from __future__ import annotations

from math import inf
from typing import final

from attrs import define, field

from flodl_core.capture.recording import Recording
from flodl_core.capture.refusal import Refusal
from flodl_core.capture.report import CaptureRow

_COMPARED = frozenset({1, *(10**power - 1 for power in range(1, 12))})  # replays so far before one that is compared


@final
@define(eq=False)
class Entry:
    """One signature's history.

    Args:
        inputs: The signature, for people.
        eager: Eager runs.
        replays: Replays.
        recording: The recording, if there is one.
        reason: Why there is none, if that is known.
        again: Eager runs after which a refused one is tried anew.
        spread: How far eager runs were from each other, by name.
        difference: How far replays were from eager runs, the furthest of all.
    """

    inputs: str
    eager: int = 0
    replays: int = 0
    recording: Recording | None = None
    reason: str | None = None
    again: float = inf
    spread: dict[str, float] = field(factory=dict)
    difference: float | None = None

    @property
    def refused(self) -> bool:
        """Does it run eagerly for now?"""
        return self.reason is not None and self.eager < self.again

    @property
    def compares(self) -> bool:
        """Is the next replay one that is compared with an eager step?"""
        return self.replays in _COMPARED

    def refuse(self, refusal: Refusal) -> None:
        """No recording from now on; one whose reason may pass is due for another trial."""
        self.recording, self.reason = None, str(refusal)
        self.again = self.eager if refusal.passing else inf

    def row(self, step: str) -> CaptureRow:
        """For reports."""
        return CaptureRow(
            step=step,
            inputs=self.inputs,
            captured=self.recording is not None,
            replays=self.replays,
            eager=self.eager,
            difference=self.difference,
            spread=max(self.spread.values(), default=None),
            reason=self.reason,
        )
