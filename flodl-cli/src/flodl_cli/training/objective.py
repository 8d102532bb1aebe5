"""What is made small: the loss of a model's outputs and a target; both come along where a model is judged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

from attrs import frozen
from torch import Tensor, nn


@final
@frozen
class Objective:
    """`objective(model, *inputs, target)` is the loss; of a model that is judged, first output and target beside it."""

    loss: Callable[..., Tensor]

    def __call__(self, model: nn.Module, *batch: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of one batch: inputs first, target last."""
        given: Any = model(*batch[:-1])
        outputs = tuple(given) if isinstance(given, tuple | list) else (given,)
        judged = {} if model.training else {"outputs": outputs[0], "target": batch[-1]}
        return self.loss(*outputs, batch[-1]), judged
