"""What must be the same for two measurements to be compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import attrs
from attrs import frozen

WARM_UP = 3
"""Epochs before the first that is timed."""


@final
@frozen(kw_only=True)
class Setting:
    """On what, and how much; in files each is a key of its own.

    Args:
        device: The GPU's name, or the CPU with its threads.
        torch: Its version.
        flodl: That of the training step.
        shrink: By what the models' sizes are divided.
        batches_per_epoch: Batches of an epoch; they lie on the device.
        measured_epochs: Epochs of a round that are timed.
        read_loss: When the host reads the loss: at the end of an `"epoch"`, or after every `"batch"`.
        inference: Whether nothing is learned: the loss alone, in evaluation mode.
    """

    device: str
    torch: str
    flodl: str
    shrink: int
    batches_per_epoch: int
    measured_epochs: int
    read_loss: str
    inference: bool

    def fits(self, entry: Mapping[str, Any]) -> bool:
        """Whether an entry of a file was measured like this."""
        return all(entry.get(key) == value for key, value in attrs.asdict(self).items())

    def described(self, rounds: int) -> str:
        """For the head of a table."""
        work = ", inference" if self.inference else ""
        size = f", sizes divided by {self.shrink}" if self.shrink > 1 else ""
        often = "once per epoch" if self.read_loss == "epoch" else "after every batch"
        return (
            f"{self.device}, torch {self.torch}, flodl {self.flodl}{size}{work}\n"
            f"milliseconds per epoch of {_count(self.batches_per_epoch, 'batch', 'batches')}, the loss read {often}: "
            f"median and spread of {_count(rounds, 'round')} of {_count(self.measured_epochs, 'epoch')}"
        )


def _count(number: int, one: str, many: str | None = None) -> str:
    """A number of things.

    >>> _count(1, "batch", "batches"), _count(3, "round")
    ('1 batch', '3 rounds')
    """
    return f"{number} {one if number == 1 else many or one + 's'}"
