"""What a cell's process is told to do."""

from __future__ import annotations

import json
from typing import final

import attrs
from attrs import frozen


@final
@frozen(kw_only=True)
class Order:
    """One model on one side, and how much.

    Args:
        model: Its name.
        side: Its name.
        device: `"cpu"` or `"cuda"`.
        shrink: By what the model's sizes are divided.
        batches: Of an epoch.
        epochs: Of a round.
        read_loss: `"epoch"` or `"batch"`.
        inference: Whether nothing is learned.
    """

    model: str
    side: str
    device: str
    shrink: int
    batches: int
    epochs: int
    read_loss: str
    inference: bool

    def written(self) -> str:
        """As an argument of the process."""
        return json.dumps(attrs.asdict(self))

    @classmethod
    def read(cls, text: str) -> Order:
        """From that argument."""
        return cls(**json.loads(text))
