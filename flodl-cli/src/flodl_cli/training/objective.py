"""What is made small: the loss of a model's outputs and a target; both come along where a model is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, final

from attrs import field, frozen
from flodl_graph import Graph
from torch import Tensor


@final
@frozen
class Objective:
    """`objective(model, *inputs, target)` is the loss; of a model that is judged, first output and target beside it.

    Args:
        loss: Of outputs and target.
        add: Tags of the model by path, each with the factor that its mean joins the loss with.
    """

    loss: Callable[..., Tensor]
    add: Mapping[str, float] = field(factory=dict)

    def __call__(self, model: Graph, *batch: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of one batch: inputs first, target last."""
        given: Any = model(*batch[:-1])
        outputs = tuple(given) if isinstance(given, tuple | list) else (given,)
        judged = {} if model.training else {"outputs": outputs[0], "target": batch[-1]}
        loss = self.loss(*outputs, batch[-1])
        for path, factor in self.add.items():
            loss = loss + factor * model.tagged(path).mean()
        return loss, judged
