"""What is in a file, entry by entry, with numbers that show whether it is sane."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import final

import torch
from attrs import frozen
from torch import Tensor

from flodl_core.checkpoint.container import open_container
from flodl_core.checkpoint.info import CheckpointInfo, Entry
from flodl_core.checkpoint.place import at
from flodl_core.checkpoint.state.listing import states_at
from flodl_core.errors import CheckpointError, did_you_mean


@final
@frozen
class Statistics:
    """A tensor in a few numbers.

    Args:
        norm: Euclidean, over the finite elements.
        smallest: Of the finite elements; None where there are none.
        largest: Likewise.
        not_finite: How many are infinite or no number.
    """

    norm: float
    smallest: float | None
    largest: float | None
    not_finite: int


@final
@frozen
class Survey:
    """A file's table of contents, and the entries that were asked for."""

    info: CheckpointInfo
    entries: tuple[tuple[Entry, Statistics], ...]


def survey_checkpoint(path: str | os.PathLike[str], select: Sequence[str] = ()) -> Survey:
    """Read a file, or the part of it that some globs name; every byte that is read is checked where it can be.

    Args:
        select: Globs over names; none: everything.

    Raises:
        CheckpointError: It is damaged, no checkpoint, or a glob names nothing in it.
    """
    with at(path, "read") as source, open_container(source) as container:
        chosen = chosen_entries(container.info, select)
        tensors = container.tensors(entry.name for entry in chosen)
        return Survey(container.info, tuple((entry, statistics(tensors[entry.name])) for entry in chosen))


def chosen_entries(info: CheckpointInfo, select: Sequence[str]) -> tuple[Entry, ...]:
    """The entries that globs name, in the file's order.

    Raises:
        CheckpointError: One of them names nothing; with the nearest names.
    """
    for pattern in select:
        if not any(fnmatchcase(entry.name, pattern) for entry in info.entries):
            names = [entry.name for entry in info.entries]
            raise CheckpointError(f"no entry of it is called {pattern!r}", mend=did_you_mean(pattern, names))
    return tuple(e for e in info.entries if not select or any(fnmatchcase(e.name, pattern) for pattern in select))


def statistics(tensor: Tensor) -> Statistics:
    """Norm and range of a tensor of any type, computed in float64."""
    values = tensor.reshape(-1)
    values = torch.view_as_real(values).reshape(-1) if values.is_complex() else values
    finite, squares = 0, 0.0
    smallest = largest = None
    for block in values.split(1 << 22):  # a block at a time: the file may be larger than memory
        numbers = block.double()
        numbers = numbers[numbers.isfinite()]
        if len(numbers):
            finite += len(numbers)
            squares += float(numbers @ numbers)
            smallest = min(smallest, float(numbers.min())) if smallest is not None else float(numbers.min())
            largest = max(largest, float(numbers.max())) if largest is not None else float(numbers.max())
    return Statistics(squares**0.5, smallest, largest, values.numel() - finite)


def files_at(path: str | os.PathLike[str]) -> Iterator[Path]:
    """The checkpoint files that a path means: itself, or those of the newest state of a run's folder.

    Raises:
        CheckpointError: It is a folder without states.
    """
    with at(path, "read") as place:
        if not place.is_dir():
            yield place
            return
        states = states_at(place)
        if not states:
            raise CheckpointError("the folder holds no state of a run", mend="name a file, or a TrainingState's folder")
        yield from sorted(states[0].glob("*.safetensors"))
