"""`DeviceLoader`: batches that are where the model is."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Literal, final

import torch
from flodl_core import TrainingError
from flodl_core.errors import did_you_mean
from flodl_core.tensor import pick_device
from torch.utils.data import DataLoader

from flodl_nn.data.room import why_no_room
from flodl_nn.data.table import Rows, Table, as_arguments, bytes_of, read_all
from flodl_nn.data.transfer import Transfer
from flodl_nn.sampler import Sampler

_KEEP = ("auto", "resident", "prefetched")
_DEFAULTS = {"shuffle": True, "seed": 0, "drop_last": False}


@final
class DeviceLoader:
    """A data set's batches on a device, in a seeded order that can be saved and gone on with.

        loader = DeviceLoader(dataset, batch_size=64, seed=0)
        for epoch in monitor.epochs(step):
            for x, y in loader:
                step(x, y)

    A data set that has its items in memory as tensors and fits is kept on the device whole, and a
    batch is gathered there; others are collated on the host, by workers if wanted, pinned, and copied
    while the device works on the batches before. Either way nothing waits for the device, and the
    batches are those of a `DataLoader` over the same `Sampler`. `step.run(loader)` is a whole pass,
    gathered inside the recorded step.

    Args:
        data: Any map-style data set.
        batch_size: Items per batch; or give a sampler.
        shuffle: False: in order, every epoch.
        seed: Of the orders.
        drop_last: Leave out an odd last batch.
        sampler: Instead of these four.
        device: Where batches go: `"auto"` is the first GPU, or the CPU.
        keep: `"resident"`, `"prefetched"`, or `"auto"`: resident if the items are tensors in memory (a
            `TensorDataset`, or a `Subset` of one) and fit the budget. Other data sets can be kept
            resident by asking for it; each item is then read once, so one that is random stays as it was.
        budget: Bytes of the device that data may take. None: half of a GPU's free memory.
        num_workers: Processes that read items; as in `DataLoader`.
        collate_fn: Makes a batch of a list of items; as in `DataLoader`.

    Raises:
        TrainingError: Neither or both of `batch_size` and `sampler`; a sampler of another size; what is
            to be resident does not fit, or cannot be held as tensors.
        TensorError: There is no such device.

    >>> from torch.utils.data import TensorDataset
    >>> loader = DeviceLoader(TensorDataset(torch.arange(5)), 2, shuffle=False, device="cpu")
    >>> [batch.tolist() for batch, in loader], loader
    ([[0, 1], [2, 3], [4]], DeviceLoader(5 items, 3 batches, resident on cpu))
    """

    def __init__(
        self,
        data: Any,
        batch_size: int | None = None,
        *,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
        sampler: Sampler | None = None,
        device: str | int | torch.device = "auto",
        keep: Literal["auto", "resident", "prefetched"] = "auto",
        budget: int | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
    ) -> None:
        _check(data, keep, collate_fn)
        sampler = _ordered(data, batch_size, sampler, {"shuffle": shuffle, "seed": seed, "drop_last": drop_last})
        self.data, self.sampler, self.device = data, sampler, pick_device(device)
        """What it reads, in which order, and where batches go."""
        self._num_workers, self._collate = num_workers, collate_fn
        self._in_memory = Table.of(data) if collate_fn is None else None
        self.reason: str | None = None
        """Why the data is not resident; None: it is."""
        self._table = self._placed(keep, budget)

    @property
    def resident(self) -> bool:
        """Is the whole data set on the device?"""
        return self._table is not None

    def __len__(self) -> int:
        """Batches per epoch."""
        return len(self.sampler)

    def __iter__(self) -> Iterator[Any]:
        if self._table is None:
            yield from self.sampler.follow(map(self._transfer, self._on_host()))
        else:
            for rows in self.rows():
                yield rows.gather()

    def rows(self) -> Iterator[Rows]:
        """The batches, not gathered yet: a step that is given one gathers it, inside its recording.

        Raises:
            TrainingError: The data is not resident.
        """
        if self._table is None:
            raise TrainingError(f"only resident data has rows on the device: {self.reason}", mend="iterate the loader")
        yield from self.sampler.follow(self._pass(self._table))

    def state_dict(self) -> dict[str, Any]:
        """Where it is: its sampler's state."""
        return self.sampler.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved position at the next iteration.

        Raises:
            CheckpointError: It was saved with other settings: the order would differ.
        """
        self.sampler.load_state_dict(state)

    @property
    def listeners(self) -> list[Callable[[str, Mapping[str, float]], None]]:
        """Its sampler's: told what happens to its batches."""
        return self.sampler.listeners

    @property
    def position(self) -> int:
        """Batches of the current epoch done."""
        return self.sampler.position

    def __repr__(self) -> str:
        kind = "resident on" if self.resident else "prefetched to"
        return f"DeviceLoader({len(self.data)} items, {len(self)} batches, {kind} {self.device})"

    def _placed(self, keep: str, budget: int | None) -> Table | None:
        """The data on the device, if it is to be there."""
        if keep == "prefetched":
            self.reason = 'keep="prefetched"'
        elif keep == "auto" and self._in_memory is None:
            self.reason = f"a {type(self.data).__name__} reads its items one by one"
        elif self._in_memory is not None and self._in_memory.is_on(self.device):
            return self._in_memory
        else:
            return self._moved(keep, budget)
        return None

    def _moved(self, keep: str, budget: int | None) -> Table | None:
        table = self._in_memory
        self.reason = why_no_room(bytes_of(self.data) if table is None else table.nbytes, self.device, budget)
        if self.reason is None:
            try:
                return read_all(self.data, self.device) if table is None else table.on(self.device)
            except torch.OutOfMemoryError:
                self.reason = f"{self.device} ran out of memory for it"
        if keep == "resident":
            raise TrainingError(
                f"the data set cannot be kept on {self.device}: {self.reason}",
                mend='keep="prefetched" copies batch by batch; budget= says how many bytes data may take',
            )
        warnings.warn(
            f"the data set stays on the host, and batches are copied: {self.reason}", UserWarning, stacklevel=4
        )
        return None

    def _pass(self, table: Table) -> Iterator[Rows]:
        order = self.sampler.order()
        if self.device.type == "cuda":
            order = order.pin_memory()
        order = order.to(self.device, non_blocking=True)
        return (Rows(table, order[part]) for part in self.sampler.slices())

    def _on_host(self) -> Iterator[Any]:
        """The batches of a pass, on the host. Nothing is read before the first is asked for."""
        if self._in_memory is None:
            yield from map(as_arguments, self._loader())
        else:
            order = self.sampler.order()
            for part in self.sampler.slices():
                yield self._in_memory.take(order[part])

    @cached_property
    def _transfer(self) -> Transfer:
        return Transfer(self.device)

    def _loader(self) -> Iterable[Any]:
        """PyTorch's own, for one pass. Seeds of workers come from the epoch, and not from the run's random numbers."""
        sampler = self.sampler
        return DataLoader(
            self.data,
            batch_sampler=sampler,
            num_workers=self._num_workers,
            collate_fn=self._collate,
            pin_memory=self.device.type == "cuda",
            generator=torch.Generator().manual_seed((sampler.seed + sampler.epoch) % 2**63),
        )


def _check(data: Any, keep: str, collate_fn: object) -> None:
    if keep not in _KEEP:
        raise TrainingError(f"keep is one of {', '.join(_KEEP)}, got {keep!r}", mend=did_you_mean(str(keep), _KEEP))
    if not hasattr(data, "__getitem__") or not hasattr(data, "__len__"):
        raise TrainingError(
            f"a data set has a length and items by number, and a {type(data).__name__} has not",
            mend="step.run(batches) takes batches of any source",
        )
    if keep == "resident" and collate_fn is not None:
        raise TrainingError(
            "resident data is gathered by rows, which leaves a collate_fn nothing to do", mend='keep="prefetched"'
        )


def _ordered(data: Any, batch_size: int | None, sampler: Sampler | None, settings: dict[str, Any]) -> Sampler:
    """The sampler given, or one of these settings."""
    if batch_size is not None and sampler is None:
        return Sampler(data, batch_size, **settings)
    if batch_size is not None or sampler is None:
        given = "neither" if sampler is None else "both"
        raise TrainingError(f"a loader takes a batch_size or a sampler, got {given}", mend="batch_size=64")
    if not isinstance(sampler, Sampler):
        raise TrainingError(
            f"a sampler is a flodl_nn.Sampler, got a {type(sampler).__name__}",
            mend="a DataLoader takes any other, and step.run(loader) takes that",
        )
    if sampler.size != len(data):
        raise TrainingError(f"the sampler orders {sampler.size} items, and the data set has {len(data)}")
    if settings != _DEFAULTS:
        raise TrainingError(
            "shuffle, seed and drop_last are those of the sampler", mend="say them where the sampler is made"
        )
    return sampler
