"""A data set as whole tensors: a batch is some rows of them, gathered at once wherever they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import torch
from flodl_core import TrainingError
from flodl_core.capture import AbstractStanding
from torch import Tensor
from torch.utils import _pytree as pytree
from torch.utils.data import Subset, TensorDataset, default_collate

_AT_ONCE = 256
"""Items read from a data set before they are moved: what the host needs beside the device."""


@final
class Table(AbstractStanding):
    """Columns of equal length, and how a batch is made of them.

    Args:
        columns: Each [N, ...].
        form: The structure of a batch; None: the tuple of the columns.
        chosen: i64 [M], rows that count, in this order; None: all.
    """

    def __init__(self, columns: Sequence[Tensor], form: Any = None, chosen: Tensor | None = None) -> None:
        super().__init__()
        self.columns, self._form, self._chosen = tuple(columns), form, chosen

    @classmethod
    def of(cls, data: Any) -> Table | None:
        """The tensors of a data set that has all its items in memory; None of any other.

        That is a `TensorDataset`, or a `Subset` of one. Nothing is copied.

        Raises:
            TrainingError: A subset names an item that is not there.
        """
        if type(data).__getitem__ is TensorDataset.__getitem__:
            return cls(data.tensors)
        if type(data).__getitem__ is not Subset.__getitem__:
            return None
        whole = cls.of(data.dataset)
        if whole is None:
            return None
        chosen = torch.as_tensor(data.indices, dtype=torch.int64)
        size = len(data.dataset)
        chosen = torch.where(chosen < 0, chosen + size, chosen)  # from the end, as lists count
        if bool(((chosen < 0) | (chosen >= size)).any()):
            raise TrainingError(f"a Subset names an item that is not there: its data set has {size} items")
        return cls(whole.columns, chosen=whole._rows(chosen))

    @property
    def nbytes(self) -> int:
        """Bytes that `on` would take of a device: those of the rows that count."""
        part = 1 if self._chosen is None else len(self._chosen) / max(len(self.columns[0]), 1)
        return int(sum(column.nbytes for column in self.columns) * part)

    def is_on(self, device: torch.device) -> bool:
        """Is it there already?"""
        return all(column.device == device for column in self.columns)

    def on(self, device: torch.device) -> Table:
        """A copy on a device, of the rows that count."""
        taken = [c if self._chosen is None else c.index_select(0, self._chosen.to(c.device)) for c in self.columns]
        return Table([column.to(device) for column in taken], self._form)

    def take(self, places: Tensor) -> Any:
        """A batch of the rows at these places: i64 [B], where the columns are."""
        rows = self._rows(places)
        taken = tuple(column.index_select(0, rows) for column in self.columns)
        return taken if self._form is None else as_arguments(pytree.tree_unflatten(list(taken), self._form))

    def __repr__(self) -> str:
        shown = [f"{str(c.dtype).removeprefix('torch.')}[{','.join(map(str, c.shape))}]" for c in self.columns]
        return f"rows of {' '.join(shown)}"

    def _rows(self, places: Tensor) -> Tensor:
        return places if self._chosen is None else self._chosen.index_select(0, places)


@final
class Rows:
    """A batch that nobody gathered yet: a step given it gathers it itself, where that is recorded with the step."""

    def __init__(self, table: Table, places: Tensor) -> None:
        self.table, self.places = table, places

    def __len__(self) -> int:
        return len(self.places)

    def gather(self) -> Any:
        """The batch."""
        return self.table.take(self.places)


def read_all(data: Any, device: torch.device) -> Table:
    """Read every item of a data set once, and hold it as tensors.

    Raises:
        TrainingError: Items are no tensors, or not all of one shape and type.
    """
    leaves, form = pytree.tree_flatten(_collated(data, range(1)))
    columns = [torch.empty((len(data), *leaf.shape[1:]), dtype=leaf.dtype, device=device) for leaf in leaves]
    for start in range(0, len(data), _AT_ONCE):
        places = range(start, min(start + _AT_ONCE, len(data)))
        parts, their_form = pytree.tree_flatten(_collated(data, places))
        if their_form != form:
            raise _not_tensors(data, places, "their parts are not those of item 0")
        if [part.shape[1:] for part in parts] != [column.shape[1:] for column in columns]:
            raise _not_tensors(data, places, "their shapes differ from those of item 0")
        if [part.dtype for part in parts] != [column.dtype for column in columns]:  # to copy would be to round
            raise _not_tensors(data, places, "their element types differ from those of item 0")
        for column, part in zip(columns, parts, strict=True):
            column[places.start : places.stop].copy_(part)
    return Table(columns, form)


def bytes_of(data: Any) -> int:
    """What all items would take, going by the first."""
    leaves: list[Tensor] = pytree.tree_leaves(_collated(data, range(1)))
    return sum(leaf.nbytes for leaf in leaves) * len(data)


def as_arguments(batch: Any) -> Any:
    """What a loader gives: torch collates tuples into lists."""
    return tuple(batch) if isinstance(batch, list) else batch


def _collated(data: Any, places: range) -> Any:
    try:
        batch = default_collate([data[place] for place in places])
    except (RuntimeError, TypeError, IndexError) as error:
        raise _not_tensors(data, places, str(error).splitlines()[0]) from error
    odd = next((leaf for leaf in pytree.tree_leaves(batch) if not isinstance(leaf, Tensor)), None)
    if odd is not None:
        raise _not_tensors(data, places, f"there is a {type(odd).__name__} among them")
    return batch


def _not_tensors(data: Any, places: range, reason: str) -> TrainingError:
    which = f"item {places.start}" if len(places) == 1 else f"items {places.start} to {places.stop - 1}"
    return TrainingError(
        f"{which} of the {type(data).__name__} cannot be held as rows of tensors: {reason}",
        mend='keep="prefetched", with a collate_fn for items of many shapes',
    )
