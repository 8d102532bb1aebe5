"""`DeviceLoader`: batches that are where the model is."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, final

import torch
from flodl_core import TrainingError

from flodl_nn.data.device_data import DeviceData, check_map_style
from flodl_nn.data.table import Rows
from flodl_nn.sampler import Sampler

_DEFAULTS = {"shuffle": True, "seed": 0, "drop_last": False}


@final
class DeviceLoader:
    """A data set's batches on a device, in a seeded order that can be saved and continued.

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
        check_map_style(data)
        sampler = _ordered(data, batch_size, sampler, {"shuffle": shuffle, "seed": seed, "drop_last": drop_last})
        self._there = DeviceData(data, device, keep=keep, budget=budget, num_workers=num_workers, collate_fn=collate_fn)
        self.data, self.sampler, self.device = data, sampler, self._there.device
        """What it reads, in which order, and where batches go."""
        self.reason = self._there.reason
        """Why the data is not resident; None: it is."""
        if self._there.lacks_room:
            warnings.warn(
                f"the data set stays on the host, and batches are copied: {self.reason}", UserWarning, stacklevel=2
            )

    @property
    def resident(self) -> bool:
        """Is the whole data set on the device?"""
        return self._there.resident

    def __len__(self) -> int:
        """Batches per epoch."""
        return len(self.sampler)

    def __iter__(self) -> Iterator[Any]:
        for batch in self._followed():
            yield batch.gather() if isinstance(batch, Rows) else batch

    def rows(self) -> Iterator[Rows]:
        """The batches, not gathered yet: a step that is given one gathers it, inside its recording.

        Raises:
            TrainingError: The data is not resident.
        """
        if not self.resident:
            raise TrainingError(f"only resident data has rows on the device: {self.reason}", mend="iterate the loader")
        yield from self._followed()

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
        return f"DeviceLoader({len(self.data)} items, {len(self)} batches, {self._there.kind} {self.device})"

    def _followed(self) -> Iterator[Any]:
        order = self.sampler
        batches = self._there.batches(order.order(), order.slices(), seed=order.seed + order.epoch)
        return order.follow(batches)


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
