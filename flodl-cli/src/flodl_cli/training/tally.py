"""What adds up over the batches of a pass, on the device: it is read once, when the pass is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import torch
from attrs import define
from torch import Tensor


@final
@define
class Tally:
    """Mean loss and, where there are classes, the confusion matrix.

    Args:
        classes: How many there are; 0: the targets are no classes.
    """

    classes: int
    rows: int = 0
    _loss: Tensor | None = None
    _confusion: Tensor | None = None

    def add(self, loss: Tensor, rows: int, outputs: Tensor | None = None, target: Tensor | None = None) -> None:
        """Count one batch. Waits for no device.

        Shapes: loss []; outputs [B, classes, ...]; target i64 [B, ...]; a target outside the classes counts nowhere.
        """
        if self._loss is None:
            self._loss = torch.zeros((), dtype=torch.float32 if loss.device.type == "mps" else torch.float64)
        self._loss = self._loss.to(loss.device).add_(loss.detach(), alpha=rows)
        self.rows += rows
        if self.classes and outputs is not None and target is not None:
            counts = confusion(outputs.detach().argmax(1), target, self.classes)
            self._confusion = counts if self._confusion is None else self._confusion + counts

    def state_dict(self) -> dict[str, Any]:
        """The sum of losses so far; a pass that counts classes is never gone on with."""
        return {"rows": self.rows, "loss": self._loss}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on adding to it."""
        self.rows, self._loss = state["rows"], state["loss"]

    def loss(self) -> float:
        """Mean over all rows. Waits for the device."""
        return float("nan") if self._loss is None else float(self._loss) / self.rows

    def confusion(self) -> Tensor:
        """i64 [classes, classes] on the CPU: rows true, columns predicted."""
        empty = torch.zeros(self.classes, self.classes, dtype=torch.int64)
        return empty if self._confusion is None else self._confusion.cpu()

    def right(self) -> int:
        """How many were predicted right."""
        return int(self.confusion().trace())

    def judged(self) -> int:
        """How many were judged."""
        return int(self.confusion().sum())

    def accuracy(self) -> float:
        """The part predicted right, from 0 to 1."""
        return self.right() / self.judged() if self.judged() else float("nan")


def confusion(predicted: Tensor, target: Tensor, classes: int) -> Tensor:
    """How often each class [row] was taken for each class [column]: i64 [classes, classes].

    >>> confusion(torch.tensor([0, 1, 1]), torch.tensor([0, 0, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    pairs = target.clamp(0, classes - 1) * classes + predicted
    valid = (target >= 0) & (target < classes)
    counts = torch.zeros(classes * classes, dtype=torch.int64, device=target.device)
    return counts.scatter_add_(0, pairs.flatten(), valid.flatten().long()).view(classes, classes)
