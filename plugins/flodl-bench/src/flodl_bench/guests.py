"""Columns of others: a file in the form of floDl's harness, or a function that an installed distribution brings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Protocol

from attrs import evolve
from flodl_core import PluginError, UsageError

from flodl_bench.cell import Cell
from flodl_bench.results import read_entries

GROUP = "flodl_bench"
"""The entry points of this group are guests: `acme = "acme.bench:results"`."""

_WHERE = "flodl bench --with"


class Guest(Protocol):
    """What an entry point of the group names. It may read files, or run a benchmark of its own."""

    def __call__(self, models: Sequence[str], /) -> Iterable[Mapping[str, Any]]:
        """Entries for these models, as in a file: at least `name`, and `median_epoch_ms` or `epoch_times_ms`."""


def read_guest(word: str, models: Sequence[str]) -> list[Cell]:
    """What a file holds, or a guest tells; sides are named after it.

    Raises:
        UsageError: There is no such file or guest, or it holds nothing about these models.
        PluginError: A guest cannot be loaded, or raised.
    """
    file = Path(word)
    known = {point.name: point for point in entry_points(group=GROUP)}
    if word in known:
        cells = _told(known[word], models)
    elif file.exists():
        cells = [Cell.read(entry) for entry in read_entries(file, _WHERE)]
    else:
        near = get_close_matches(word, known, n=1)
        raise UsageError(
            f"there is no file {word!r}, and no guest is called so",
            where=_WHERE,
            mend=f"did you mean {near[0]!r}?" if near else f"a file of results; guests: {', '.join(known) or 'none'}",
        )
    title = word if word in known else file.stem
    if not any(cell.name in models for cell in cells):
        has = ", ".join(dict.fromkeys(cell.name for cell in cells)) or "nothing at all"
        raise UsageError(f"{word} holds nothing about {', '.join(models)}", where=_WHERE, mend=f"it holds {has}")
    return [evolve(cell, side=f"{title}: {cell.side}" if cell.side else title) for cell in cells]


def _told(point: EntryPoint, models: Sequence[str]) -> list[Cell]:
    where = f"{point.value}, of {point.dist.name if point.dist else 'an unknown distribution'}"
    try:
        guest: Guest = point.load()
        entries = list(guest(models))
    except Exception as error:
        said = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise PluginError(f"guest {point.name!r} failed: {said}", where=where, mend="leave it out") from error
    try:
        return [Cell.read(entry) for entry in entries]
    except ValueError as error:
        raise PluginError(f"guest {point.name!r} tells no result: {error}", where=where, mend="leave it out") from None
