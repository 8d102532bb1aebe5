"""What each epoch of a run records: known before training, so that who asks for anything else is told before it."""

from __future__ import annotations

from typing import final

from attrs import frozen
from flodl_core.errors import ExperimentError, did_you_mean


@final
@frozen
class Recorded:
    """The names under which an epoch's numbers are kept."""

    names: tuple[str, ...]

    @classmethod
    def of(cls, *, classes: int, held_out: int) -> Recorded:
        """As the loop records them.

        Args:
            classes: How many the model tells apart; 0: none.
            held_out: How many examples are held out.

        >>> Recorded.of(classes=0, held_out=20).names
        ('loss', 'val_loss')
        """
        judged = ("val_loss", "val_accuracy") if classes else ("val_loss",)
        return cls(("loss", *(judged if held_out else ())))

    def fault(self, asking: str, name: str) -> ExperimentError:
        """The error for who asks for something else.

        Args:
            asking: Who, and how: `"[rules] asks about"`.
        """
        mend = did_you_mean(name, self.names) or f"recorded: {', '.join(self.names)}"
        return ExperimentError(f"{asking} {name!r}, which no epoch of this experiment records", mend=mend)
