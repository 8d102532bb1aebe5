"""What every data set here is: tensors in memory that remember what their columns and classes are called."""

from __future__ import annotations

from collections.abc import Iterable
from typing import final

from torch import Tensor
from torch.utils.data import TensorDataset


class Examples(TensorDataset):
    """Inputs f32 [N, ...] and targets [N] or [N, 1]; an item is `(input, target)`.

    Attributes:
        features: What each column of the input is called, in order.
        mean: What was subtracted from each column, f32 [columns], in the column's unit; None: nothing.
        scale: What each column was divided by, f32 [columns], in the column's unit; None: nothing.
    """

    def __init__(
        self,
        inputs: Tensor,
        targets: Tensor,
        *,
        features: Iterable[object],
        mean: Tensor | None = None,
        scale: Tensor | None = None,
    ) -> None:
        super().__init__(inputs, targets)
        self.features = tuple(str(name) for name in features)
        self.mean, self.scale = mean, scale


@final
class ClassExamples(Examples):
    """Examples whose target i64 [N] is a place in `classes`."""

    def __init__(
        self,
        inputs: Tensor,
        targets: Tensor,
        *,
        features: Iterable[object],
        classes: Iterable[object],
        mean: Tensor | None = None,
        scale: Tensor | None = None,
    ) -> None:
        super().__init__(inputs, targets, features=features, mean=mean, scale=scale)
        self.classes = tuple(str(name) for name in classes)


@final
class NumberExamples(Examples):
    """Examples whose target f32 [N, 1] is a quantity.

    Attributes:
        target_mean: What was subtracted from the target, in its unit; 0.0: nothing.
        target_scale: What the target was divided by, in its unit; 1.0: nothing.
    """

    def __init__(
        self,
        inputs: Tensor,
        targets: Tensor,
        *,
        features: Iterable[object],
        mean: Tensor | None = None,
        scale: Tensor | None = None,
        target_mean: float = 0.0,
        target_scale: float = 1.0,
    ) -> None:
        super().__init__(inputs, targets, features=features, mean=mean, scale=scale)
        self.target_mean, self.target_scale = target_mean, target_scale
