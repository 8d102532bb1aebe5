"""What is captured, how often it was replayed, and what is not and why."""

from __future__ import annotations

from typing import final

from attrs import frozen


@final
@frozen(kw_only=True)
class CaptureRow:
    """One signature of one kind of step.

    Args:
        step: Which kind: `"learn"`, `"evaluate"`.
        inputs: What it is called with: `"float32[64,4] int64[64]"`.
        captured: Is there a recording?
        replays: How often it was replayed.
        eager: How often the step ran eagerly.
        difference: The largest distance between a replay and an eager step of the same batch, in units
            of what the step changes; 0.0: equal bit for bit; None: not compared yet.
        spread: The same between two eager steps.
        reason: Why it is not captured; None: it is, or may be.
    """

    step: str
    inputs: str
    captured: bool
    replays: int
    eager: int
    difference: float | None = None
    spread: float | None = None
    reason: str | None = None

    def __str__(self) -> str:
        state = f"captured, {self.replays} replays" if self.captured else "eager"
        text = f"{self.step:<9} {self.inputs}: {state}, {self.eager} eager"
        if self.captured and self.difference is not None:
            text += f"; from eager by {self.difference:.1e}, eager from itself by {self.spread or 0.0:.1e}"
        return text + (f"\n{'':<10}because {self.reason}" if self.reason else "")


@final
@frozen(kw_only=True)
class CaptureReport:
    """All of a training step's signatures. `print(step.report())` shows it.

    Args:
        captures: Is anything captured at all?
        reason: Why nothing can be, or what is left out of all recordings.
        rows: One for each signature that was met.
    """

    captures: bool
    reason: str | None
    rows: tuple[CaptureRow, ...] = ()

    def __str__(self) -> str:
        lines = ["captured" if self.captures else "eager"]
        if self.reason:
            lines[0] += f": {self.reason}"
        return "\n".join([*lines, *(f"  {line}" for row in self.rows for line in str(row).splitlines())])
