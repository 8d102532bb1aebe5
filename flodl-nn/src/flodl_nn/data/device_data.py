"""`DeviceData`: a data set where the model is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Literal, final

import torch
from flodl_core import TrainingError
from flodl_core.errors import did_you_mean
from flodl_core.tensor import pick_device
from torch import Tensor
from torch.utils.data import DataLoader

from flodl_nn.data.room import why_no_room
from flodl_nn.data.table import Rows, Table, as_arguments, bytes_of, read_all
from flodl_nn.data.transfer import Transfer

_KEEP = ("auto", "resident", "prefetched")


@final
class DeviceData:
    """A data set on a device, in whatever order is asked for: what a `DeviceLoader` is made of.

    Two loops over parts of one data set, such as one that learns and one that judges, share it.

    Args:
        source: Any map-style data set.
        device: Where batches go: `"auto"` is the first GPU, or the CPU.
        keep: `"resident"`, `"prefetched"` or `"auto"`, as in `DeviceLoader`.
        budget: Bytes of the device that it may take. None: half of a GPU's free memory.
        num_workers: Processes that read items; as in `DataLoader`.
        collate_fn: Makes a batch of a list of items; as in `DataLoader`.

    Raises:
        TrainingError: What is to be resident does not fit, or cannot be held as tensors.
        TensorError: There is no such device.

    >>> from torch.utils.data import TensorDataset
    >>> data = DeviceData(TensorDataset(torch.arange(10, 15)), "cpu")
    >>> [rows.gather() for rows in data.batches(torch.tensor([4, 0, 2]), [slice(0, 2), slice(2, 3)])]
    [(tensor([14, 10]),), (tensor([12]),)]
    """

    def __init__(
        self,
        source: Any,
        device: str | int | torch.device = "auto",
        *,
        keep: Literal["auto", "resident", "prefetched"] = "auto",
        budget: int | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
    ) -> None:
        check_map_style(source)
        _check(keep, budget, num_workers, collate_fn)
        self.source, self.device = source, pick_device(device)
        """What it reads, and where batches go."""
        self._num_workers, self._collate = num_workers, collate_fn
        self._in_memory = Table.of(source) if collate_fn is None else None
        self.reason: str | None = None
        """Why it is not resident; None: it is."""
        self.lacks_room = False
        """Would it be resident if the device had more memory for it?"""
        self.table = self._placed(keep, budget)
        """All of it on the device, if it is resident."""

    @property
    def resident(self) -> bool:
        """Is the whole data set on the device?"""
        return self.table is not None

    def __len__(self) -> int:
        """Items."""
        return len(self.source)

    def batches(self, order: Tensor, parts: Iterable[slice], *, seed: int = 0) -> Iterator[Any]:
        """Batches on the device: of resident data as `Rows`, which a step gathers inside its recording.

        Nothing is read before a batch is asked for, and nothing waits for the device.

        Args:
            order: Places of items, i64 [N] on the CPU.
            parts: Where in the order each batch begins and ends.
            seed: Of what workers draw.

        Raises:
            TrainingError: The order names an item that is not there, or is none.
        """
        _check_order(order, len(self))
        if self.table is not None:
            there = self._sent(order)
            yield from (Rows(self.table, there[part]) for part in parts)
        elif self._in_memory is not None:
            yield from (self._transfer(self._in_memory.take(order[part])) for part in parts)
        else:
            yield from map(self._transfer, map(as_arguments, self._loader(order, parts, seed)))

    def __repr__(self) -> str:
        return f"DeviceData({len(self)} items, {self.kind} {self.device})"

    @property
    def kind(self) -> str:
        """In words: `"resident on"` or `"prefetched to"`."""
        return "resident on" if self.resident else "prefetched to"

    def _placed(self, keep: str, budget: int | None) -> Table | None:
        """The data on the device, if it is to be there."""
        if keep == "prefetched":
            self.reason = 'keep="prefetched"'
        elif self._collate is not None:
            self.reason = "its collate_fn makes the batches"
        elif keep == "auto" and self._in_memory is None:
            self.reason = f"a {type(self.source).__name__} reads its items one by one"
        elif self._in_memory is not None and self._in_memory.is_on(self.device):
            return self._in_memory
        else:
            return self._moved(keep, budget)
        return None

    def _moved(self, keep: str, budget: int | None) -> Table | None:
        table = self._in_memory
        self.reason = why_no_room(bytes_of(self.source) if table is None else table.nbytes, self.device, budget)
        if self.reason is None:
            try:
                return read_all(self.source, self.device) if table is None else table.on(self.device)
            except torch.OutOfMemoryError:
                self.reason = f"{self.device} ran out of memory for it"
        if keep == "resident":
            raise TrainingError(
                f"the data set cannot be kept on {self.device}: {self.reason}",
                mend='keep="prefetched" copies batch by batch; budget= says how many bytes data may take',
            )
        self.lacks_room = True
        return None

    def _sent(self, order: Tensor) -> Tensor:
        if self.device.type == "cuda":
            order = order.pin_memory()
        return order.to(self.device, non_blocking=True)

    @cached_property
    def _transfer(self) -> Transfer:
        return Transfer(self.device)

    def _loader(self, order: Tensor, parts: Iterable[slice], seed: int) -> Iterable[Any]:
        """PyTorch's own, for one pass. What it draws is of this seed, and not of the run's random numbers."""
        places: list[int] = order.tolist()
        return DataLoader(
            self.source,
            batch_sampler=(places[part] for part in parts),
            num_workers=self._num_workers,
            collate_fn=self._collate,
            pin_memory=self.device.type == "cuda",
            generator=torch.Generator().manual_seed(seed % 2**63),
        )


def check_map_style(source: Any) -> None:
    """Whether a data set has items by number.

    Raises:
        TrainingError: It has not.
    """
    if not hasattr(source, "__getitem__") or not hasattr(source, "__len__"):
        raise TrainingError(
            f"a data set has a length and items by number, and a {type(source).__name__} has not",
            mend="step.run(batches) takes batches of any source",
        )
    if isinstance(source, tuple) and source and all(isinstance(part, Tensor) for part in source):
        raise TrainingError(
            f"a tuple of {len(source)} tensors is a data set of {len(source)} items",
            mend="TensorDataset(x, y) of torch.utils.data has a row of each as an item",
        )
    if isinstance(source, Mapping):
        raise TrainingError(
            f"a data set has items by number, and a {type(source).__name__} has them by key",
            mend="TensorDataset(x, y) of torch.utils.data has a row of each tensor as an item",
        )


def _check_order(order: Any, size: int) -> None:
    """Asked on the host: a device that gathers a row which is not there is lost to the process."""
    if not isinstance(order, Tensor) or order.dim() != 1 or order.dtype != torch.int64 or order.device.type != "cpu":
        raise TrainingError(
            f"an order is an i64 tensor of places on the CPU, got {order!r}", mend="torch.arange(len(data))"
        )
    if order.numel() and not 0 <= int(order.min()) <= int(order.max()) < size:
        raise TrainingError(
            f"the order reaches from {int(order.min())} to {int(order.max())}, and the data set has {size} items"
        )


def _check(keep: str, budget: Any, num_workers: Any, collate_fn: object) -> None:
    if not isinstance(num_workers, int) or isinstance(num_workers, bool) or num_workers < 0:
        raise TrainingError(f"num_workers is how many processes read items, got {num_workers!r}", mend="num_workers=0")
    if budget is not None and (not isinstance(budget, int) or isinstance(budget, bool) or budget < 0):
        raise TrainingError(f"budget is a whole number of bytes, got {budget!r}", mend="budget=4 * 2**30 for 4 GiB")
    if keep not in _KEEP:
        raise TrainingError(f"keep is one of {', '.join(_KEEP)}, got {keep!r}", mend=did_you_mean(str(keep), _KEEP))
    if keep == "resident" and collate_fn is not None:
        raise TrainingError(
            "resident data is gathered by rows, which leaves a collate_fn nothing to do", mend='keep="prefetched"'
        )
