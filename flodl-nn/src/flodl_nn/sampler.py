"""A seeded order of batches that can be saved in the middle of an epoch and continued exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from typing import Any, TypeVar, final

import torch
from flodl_core import CheckpointError, TrainingError
from torch import Tensor

T = TypeVar("T")

_FORMAT = 1


@final
class Sampler(torch.utils.data.Sampler[list[int]]):
    """Batches of indices in an order that only the seed and the epoch decide.

        sampler = Sampler(data, batch_size=64, seed=0)
        loader = DataLoader(data, batch_sampler=sampler, num_workers=4)
        for epoch in monitor.epochs(step):
            for x, y in sampler.follow(loader):
                step(x, y)

    `follow` counts the batches that arrive: workers that fetch ahead do not spoil the position. An
    iteration left early starts over with the same order; only a loaded position goes on from its
    middle. One that was loaded after an epoch's last batch gives no batch, once: that epoch has had its own.

    Args:
        data: A data set, or how many items it has.
        batch_size: Items per batch.
        seed: Of the orders; the same seed, epoch and size give the same order on every machine.
        shuffle: False: in order, every epoch.
        drop_last: Leave out an odd last batch.

    Raises:
        TrainingError: A size that makes no batch, a seed that is no whole number, a loader for a data set.

    >>> sampler = Sampler(5, batch_size=2, shuffle=False)
    >>> list(sampler), sampler.epoch
    ([[0, 1], [2, 3], [4]], 1)
    """

    def __init__(
        self, data: Sized | int, batch_size: int, *, seed: int = 0, shuffle: bool = True, drop_last: bool = False
    ) -> None:
        if isinstance(data, torch.utils.data.DataLoader):  # its length is in batches
            raise TrainingError("a sampler orders items, got a DataLoader", mend="Sampler(loader.dataset, batch_size)")
        given: dict[str, Any] = {"batch_size": batch_size, "seed": seed}
        for name, value in given.items():
            if not _is_whole(value):
                raise TrainingError(f"{name} is a whole number, got {value!r}")
        self.size = _size_of(data)
        self.batch_size, self.seed, self.shuffle, self.drop_last = batch_size, seed, shuffle, drop_last
        self.epoch = 0
        """Epochs finished."""
        self.position = 0
        """Batches of the current epoch done."""
        self._start = 0
        self._followed = False
        self.listeners: list[Callable[[str, Mapping[str, float]], None]] = []
        """Told `"begin"`, `"batch"` (the loop has done with one), `"pass"` (with all), `"end"`."""
        if batch_size < 1:
            raise TrainingError(f"batch_size is a whole number of at least 1, got {batch_size!r}")
        if self.size < 1 or len(self) == 0:
            raise TrainingError(
                f"{self.size} items make no batch of {batch_size}", mend="a smaller batch_size, or drop_last=False"
            )

    def __len__(self) -> int:
        """Batches per epoch."""
        whole, rest = divmod(self.size, self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def __repr__(self) -> str:
        return f"Sampler({self.size} items, {len(self)} batches, seed={self.seed}, epoch={self.epoch})"

    def __iter__(self) -> Iterator[list[int]]:
        if self._followed:
            yield from self._batches()
        else:
            yield from self._counted(self._batches(), self._start)

    def order(self) -> Tensor:
        """All items in the order of the current epoch: i64 [size], on the CPU."""
        if not self.shuffle:
            return torch.arange(self.size)
        # One generator per epoch, seeded by both numbers: no order depends on how the last one was used.
        generator = torch.Generator().manual_seed((self.seed * 1_000_003 + self.epoch) % 2**63)
        return torch.randperm(self.size, generator=generator)

    def slices(self) -> Iterator[slice]:
        """Where in `order()` each batch that is left begins and ends. To be followed: see `follow`."""
        start, self._start = self._start, 0
        self.position = start
        for index in range(start, len(self)):
            yield slice(index * self.batch_size, min((index + 1) * self.batch_size, self.size))

    def _batches(self) -> Iterator[list[int]]:
        order: list[int] = self.order().tolist()
        return (order[part] for part in self.slices())

    def follow(self, loader: Iterable[T]) -> Iterator[T]:
        """The loader's batches, counted as they arrive.

        Args:
            loader: A `DataLoader` over this sampler, or anything that gives one item per batch.
        """
        self._followed = True
        start = self._start  # asked first: workers read ahead, and use it up, as soon as the loader is begun
        try:
            yield from self._counted(_begun(loader, midway=start > 0), start)
        finally:
            self._followed = False

    def _counted(self, batches: Iterable[T], start: int) -> Iterator[T]:
        """The batches, counted as they arrive; listeners hear when the loop has done with each."""
        self._tell("begin")
        try:
            for done, batch in enumerate(batches, start=start + 1):
                self.position = done
                yield batch
                self._tell("batch")
            self._tell("pass")
            self._finish()
        finally:
            self._tell("end")

    def _tell(self, moment: str) -> None:
        for listener in self.listeners:
            listener(moment, {})

    def state_dict(self) -> dict[str, Any]:
        """Where it is, as plain data."""
        return {"format": _FORMAT, "epoch": self.epoch, "position": self.position, **self._settings()}

    def load_state_dict(self, state: Any) -> None:
        """Go on from a saved position at the next iteration.

        Raises:
            CheckpointError: It was saved by a sampler with other settings: the order would differ; or it is damaged.
        """
        found = state.get("format") if isinstance(state, Mapping) else None
        if found != _FORMAT or not {"epoch", "position"} <= state.keys():
            raise CheckpointError(f"this is no state of a sampler, or of another version: {found!r}")
        for name, own in self._settings().items():
            if state.get(name) != own:
                raise CheckpointError(
                    f"the sampler was saved with {name}={state.get(name)!r}, this one has {own!r}",
                    mend="the same data and settings go on exactly; without its state a new run starts",
                )
        epoch, position = state["epoch"], state["position"]
        if not (_is_whole(epoch) and _is_whole(position) and epoch >= 0 and 0 <= position <= len(self)):
            raise CheckpointError(f"no sampler stands at batch {position!r} of {len(self)} in epoch {epoch!r}")
        self.epoch, self.position = epoch, position
        self._start = self.position

    def _settings(self) -> dict[str, Any]:
        return {
            "size": self.size,
            "batch_size": self.batch_size,
            "seed": self.seed,
            "shuffle": self.shuffle,
            "drop_last": self.drop_last,
        }

    def _finish(self) -> None:
        self.epoch, self.position, self._start = self.epoch + 1, 0, 0


def _size_of(data: Any) -> int:
    """How many items a data set has, or what was said."""
    if _is_whole(data):
        return int(data)
    if not hasattr(data, "__len__"):
        raise TrainingError(
            f"a sampler orders items that can be counted, and a {type(data).__name__} has no length",
            mend="Sampler(data, batch_size), or Sampler(1000, batch_size) for 1000 items",
        )
    return len(data)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _begun(loader: Iterable[T], midway: bool) -> Iterator[T]:
    """The loader's iteration. A `DataLoader` draws a random number to begin one: midway that was done before."""
    if not midway:
        return iter(loader)
    before = torch.get_rng_state()
    iterator = iter(loader)
    torch.set_rng_state(before)
    return iterator
