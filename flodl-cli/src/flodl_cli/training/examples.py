"""The examples of a run: a data set, split into a part to learn from and a part held out, in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Sized
from typing import Any, TypeAlias, final

import torch
from attrs import frozen
from flodl_core.errors import ComponentError, ExperimentError
from flodl_nn import DeviceData
from torch import Tensor
from torch.utils.data import TensorDataset

from flodl_cli.training.generators import generator

Batch: TypeAlias = tuple[Any, ...]
"""What a step is given: inputs first, the target last, each [B, ...]; or the rows that it gathers itself."""


@final
@frozen(eq=False)
class Examples:
    """A data set on the device, and the places in it that belong to this part.

    The order is not that of a `Sampler`: a lone last example joins the batch before it, and whatever was
    trained with this order is to come out the same again.

    Args:
        places: i64 [N], in the order of the data set.
    """

    data: DeviceData
    places: Tensor

    def __len__(self) -> int:
        return len(self.places)

    def batches(self, size: int, *, shuffled_by: tuple[int, ...] | None = None, skip: int = 0) -> Iterator[Batch]:
        """All examples once.

        A single example left over joins the batch before it: batch normalisation cannot learn from one.

        Args:
            size: Examples per batch.
            shuffled_by: What the order depends on; None: as they stand.
            skip: Batches at the beginning that are left out.
        """
        places = self.places
        if shuffled_by is not None:
            places = places[torch.randperm(len(places), generator=generator(*shuffled_by))]
        for batch in self.data.batches(places, cut(len(places), size)[skip:]):
            yield batch if isinstance(batch, tuple) else (batch,)

    def few(self, size: int) -> tuple[Tensor, ...]:
        """The first examples, gathered."""
        (batch,) = self.data.batches(self.places, [slice(size)])
        return batch if isinstance(batch, tuple) else tuple(batch.gather())

    def count(self, size: int) -> int:
        """How many batches there are of so many examples."""
        return len(cut(len(self), size))

    def targets(self) -> Tensor:
        """Every target, in order: [N, ...]."""
        return all_targets(self.data.source)[self.places]


def cut(total: int, size: int) -> Sequence[slice]:
    """Batches of `size`, the last one smaller, or larger by one.

    >>> cut(9, 4)
    [slice(0, 4, None), slice(4, 9, None)]
    """
    parts = [slice(start, min(start + size, total)) for start in range(0, total, size)]
    if len(parts) > 1 and total % size == 1:
        parts[-2:] = [slice(parts[-2].start, total)]
    return parts


def check_dataset(dataset: Any, name: str) -> None:
    """See that it is a data set that can be split and batched.

    Raises:
        ComponentError: It has no length or no items, or its items are no tuples of tensors.
    """
    if not isinstance(dataset, Sized) or not hasattr(dataset, "__getitem__"):
        raise ComponentError(
            f"data set {name!r} is a {type(dataset).__name__}, which has no length and no items by number"
        )
    if not len(dataset):
        raise ComponentError(f"data set {name!r} is empty")
    item = dataset[0]
    if not isinstance(item, tuple | list) or len(item) < 2 or not all(isinstance(part, Tensor) for part in item):
        raise ComponentError(
            f"data set {name!r}: an item is a tuple of tensors, input first and target last; got {type(item).__name__}"
        )


def all_targets(dataset: Any) -> Tensor:
    """The target of every item: [len(dataset), ...]."""
    if type(dataset).__getitem__ is TensorDataset.__getitem__:
        return dataset.tensors[-1]  # type: ignore[no-any-return]
    return torch.stack([dataset[place][-1] for place in range(len(dataset))])


def has_classes(dataset: Any) -> bool:
    """Whether a target is one whole number: the index of a class."""
    target = dataset[0][-1]
    return target.dim() == 0 and not target.is_floating_point() and target.dtype is not torch.bool


def split(data: DeviceData, holdout: float, seed: int) -> tuple[Examples, Examples]:
    """Part to learn from, part held out; the same for the same seed. Classes keep their proportions.

    Args:
        holdout: The part held out, from 0 to under 1.

    Raises:
        ExperimentError: One of the parts would be empty.
    """
    total = len(data)
    wanted = round(total * holdout)
    if holdout and not 0 < wanted < total:
        raise ExperimentError(
            f"[data] holdout = {holdout}: of {total} examples that holds out {wanted}",
            mend="hold out at least one example and leave at least one; holdout = 0 holds out none",
        )
    order = torch.randperm(total, generator=generator(seed))
    with_classes = wanted and has_classes(data.source)
    held = _stratified(all_targets(data.source), order, wanted) if with_classes else order[:wanted]
    is_held = torch.zeros(total, dtype=torch.bool)
    is_held[held] = True
    return Examples(data, (~is_held).nonzero().flatten()), Examples(data, is_held.nonzero().flatten())


def _stratified(targets: Tensor, order: Tensor, wanted: int) -> Tensor:
    """`wanted` places, of each class its share: the shares rounded down, what is missing to the largest remainders."""
    by_class = [order[targets[order] == label] for label in torch.unique(targets)]
    exact = [len(places) * wanted / len(targets) for places in by_class]
    shares = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: (shares[i] - exact[i], i))
    for index in by_remainder[: wanted - sum(shares)]:
        shares[index] += 1
    return torch.cat([places[:share] for places, share in zip(by_class, shares, strict=True)])
