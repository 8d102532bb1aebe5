"""A pass over a loader: its batches, gathered where the step is recorded, and the means of what they gave."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, final

import torch
from flodl_core import TrainingError
from torch import Tensor
from torch.utils import _pytree as pytree

from flodl_nn.data.device_loader import DeviceLoader
from flodl_nn.data.table import Rows, Table


def ungathered(batch: tuple[Any, ...]) -> tuple[Any, ...]:
    """A batch as a recording takes it: rows as their table, which stays where it is, and their places."""
    if len(batch) == 1 and isinstance(batch[0], Rows):
        return batch[0].table, batch[0].places
    return batch


def gathered(batch: tuple[Any, ...]) -> tuple[Any, ...]:
    """The batch itself, as arguments."""
    if len(batch) == 2 and isinstance(batch[0], Table):
        return _arguments(batch[0].take(batch[1]))
    return batch


def mean_of_pass(step: Callable[..., Any], loader: Iterable[Any]) -> Any:
    """Give the step every batch; the means of what it returned, added up where they are.

    Raises:
        TrainingError: It is no loader, there is no batch, or a value that has no mean.
    """
    if isinstance(loader, Tensor | str) or not isinstance(loader, Iterable):
        raise TrainingError(
            f"run() takes a loader of batches, got a {type(loader).__name__}",
            mend="DeviceLoader(TensorDataset(x, y), 64), or step(x, y) for one batch",
        )
    resident = isinstance(loader, DeviceLoader) and loader.resident
    means = _Means()
    for batch in loader.rows() if resident else loader:  # type: ignore[attr-defined]  # a DeviceLoader
        means.add(step(*_arguments(batch)), _rows_in(batch))
    return means.value()


@final
class _Means:
    """Sums of a structure's leaves, weighed."""

    def __init__(self) -> None:
        self._form: Any = None
        self._sums: list[Any] = []
        self._types: list[Any] = []
        self._rows = 0

    def add(self, result: Any, rows: int) -> None:
        """Waits for no device."""
        leaves, form = pytree.tree_flatten(result)
        if self._form is None:
            self._form, self._sums = form, [_zero(leaf) for leaf in leaves]
            self._types = [leaf.dtype if isinstance(leaf, Tensor) else None for leaf in leaves]
        if form != self._form:
            raise TrainingError("an objective that is averaged over a pass returns the same parts for every batch")
        for place, leaf in enumerate(leaves):
            if isinstance(leaf, Tensor):
                self._sums[place].add_(leaf, alpha=rows)
            else:
                self._sums[place] += leaf * rows
        self._rows += rows

    def value(self) -> Any:
        """The means."""
        if self._form is None:
            raise TrainingError("the loader gave no batch")
        means = [self._mean(total, dtype) for total, dtype in zip(self._sums, self._types, strict=True)]
        return pytree.tree_unflatten(means, self._form)

    def _mean(self, total: Any, dtype: torch.dtype | None) -> Any:
        mean = total / self._rows
        return mean if dtype is None or not dtype.is_floating_point else mean.to(dtype)


def _zero(leaf: Any) -> Any:
    """What a sum begins with: in double precision, but for devices that have none."""
    if isinstance(leaf, Tensor) and leaf.dim() == 0 and not leaf.is_complex():
        return torch.zeros((), dtype=torch.float32 if leaf.device.type == "mps" else torch.float64, device=leaf.device)
    if isinstance(leaf, int | float):
        return 0.0
    shown = f"a tensor of shape {list(leaf.shape)}" if isinstance(leaf, Tensor) else f"a {type(leaf).__name__}"
    raise TrainingError(
        f"{shown} has no mean over batches of many sizes",
        mend="for batch in loader: step(*batch) hands each result out; or reduce it in the objective",
    )


def _arguments(batch: Any) -> tuple[Any, ...]:
    return tuple(batch) if isinstance(batch, tuple | list) else (batch,)


def _rows_in(batch: Any) -> int:
    """How many rows a batch has: those of its first tensor."""
    if isinstance(batch, Rows):
        return len(batch)
    first = next((leaf for leaf in pytree.tree_leaves(batch) if isinstance(leaf, Tensor)), None)
    return len(first) if first is not None and first.dim() else 1
