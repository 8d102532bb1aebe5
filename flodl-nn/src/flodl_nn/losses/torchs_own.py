"""torch's own losses, made from what an experiment file can say: weights as numbers or a list of them.

Each factory takes the class's own arguments and returns the class's own object.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor, nn

from flodl_nn.losses.reduction import Reduction

Weights: TypeAlias = Tensor | Sequence[float] | float | None


def _factory(kind: type[nn.Module], *tensors: str) -> Callable[..., nn.Module]:
    annotations: dict[str, Any] = {**dict.fromkeys(tensors, Weights), "reduction": Reduction}
    parameters = inspect.signature(kind).parameters.values()
    signature = inspect.Signature([p.replace(annotation=annotations.get(p.name, p.annotation)) for p in parameters])

    @functools.wraps(kind, updated=())
    def make(*args: Any, **kwargs: Any) -> nn.Module:
        said = signature.bind(*args, **kwargs)
        for name in tensors:
            if isinstance(said.arguments.get(name), Sequence | int | float):
                said.arguments[name] = torch.tensor(said.arguments[name], dtype=torch.get_default_dtype())
        return kind(*said.args, **said.kwargs)

    make.__signature__ = signature  # type: ignore[attr-defined]  # what may be said, not what torch's class takes
    return make


cross_entropy = _factory(nn.CrossEntropyLoss, "weight")
nll = _factory(nn.NLLLoss, "weight")
binary_cross_entropy = _factory(nn.BCELoss, "weight")
binary_cross_entropy_with_logits = _factory(nn.BCEWithLogitsLoss, "weight", "pos_weight")
multi_margin = _factory(nn.MultiMarginLoss, "weight")
multilabel_soft_margin = _factory(nn.MultiLabelSoftMarginLoss, "weight")


def kl_div(
    reduction: Literal["batchmean", "mean", "sum", "none"] = "batchmean", log_target: bool = False
) -> nn.KLDivLoss:
    """`torch.nn.KLDivLoss`, whose default here is the divergence itself: the sum over classes, the mean over samples.

    torch's own default, `"mean"`, also divides by the number of classes, and warns of it.

    >>> kl_div().reduction
    'batchmean'
    """
    return nn.KLDivLoss(reduction=reduction, log_target=log_target)
