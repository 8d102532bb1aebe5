"""Two files, entry by entry."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, final

import torch
from attrs import frozen
from torch import Tensor

from flodl_core.checkpoint.bits import same_bits
from flodl_core.checkpoint.container import Container, open_container
from flodl_core.checkpoint.info import CheckpointInfo, Entry
from flodl_core.checkpoint.place import at
from flodl_core.checkpoint.survey import chosen_entries


@final
@frozen
class Difference:
    """An entry that is not on both sides alike.

    Args:
        kind: On one side only, of another type or shape, or with other values.
        one: Type and shape in the first file; empty: it is not there.
        two: Likewise in the second.
        largest: The largest absolute difference of values; NaN where one side is not finite and the other is.
        relative: That, over the largest absolute value of the first.
    """

    name: str
    kind: Literal["only in the first", "only in the second", "form", "values"]
    one: str = ""
    two: str = ""
    largest: float | None = None
    relative: float | None = None


@final
@frozen
class Comparison:
    """What came of it.

    Args:
        same: Names of entries that are alike, bit for bit.
        hashes: Hashes of the structure that both have and that differ: name, first, second.
    """

    same: tuple[str, ...]
    differences: tuple[Difference, ...]
    hashes: tuple[tuple[str, str, str], ...] = ()

    @property
    def alike(self) -> bool:
        """Whether nothing differs."""
        return not self.differences and not self.hashes


def compare_checkpoints(
    one: str | os.PathLike[str], two: str | os.PathLike[str], select: Sequence[str] = ()
) -> Comparison:
    """Compare two checkpoints of any kind, by name.

    Args:
        select: Globs over names; none: everything.

    Raises:
        CheckpointError: One of them is damaged or no checkpoint, or a glob names nothing in either.
    """
    with at(one, "read") as first, open_container(first) as left:
        entries = _by_name(left.info, select)
        with at(two, "read") as second, open_container(second) as right:
            others = _by_name(right.info, select)
            if select and not entries and not others:
                chosen_entries(left.info, select)
            found = list(_differences(left, right, entries, others))
            hashes = _hashes(left.info, right.info)
    differing = {difference.name for difference in found}
    same = tuple(name for name in entries if name in others and name not in differing)
    return Comparison(same, tuple(found), hashes)


def _by_name(info: CheckpointInfo, select: Sequence[str]) -> dict[str, Entry]:
    """Every name that is asked for, aliases too, to the entry that holds the bytes."""
    entries = {entry.name: entry for entry in info.entries}
    entries |= {alias: entries[name] for alias, name in info.aliases.items()}
    if not select:
        return entries
    named = CheckpointInfo(info.path, info.format, info.version, tuple(_renamed(entries)))
    try:
        return {entry.name: entries[entry.name] for pattern in select for entry in chosen_entries(named, [pattern])}
    except ValueError:
        return {}


def _renamed(entries: Mapping[str, Entry]) -> Iterator[Entry]:
    for name, entry in entries.items():
        yield Entry(name, entry.dtype, entry.shape, entry.begin, entry.size, entry.digest)


def _differences(
    left: Container, right: Container, entries: Mapping[str, Entry], others: Mapping[str, Entry]
) -> Iterator[Difference]:
    both = [name for name, entry in entries.items() if name in others and entry.form == others[name].form]
    first = left.tensors({entries[name].name for name in both})  # every byte is read: equal digests in two headers
    second = right.tensors({others[name].name for name in both})  # say nothing of what lies behind them
    for name, entry in entries.items():
        if name not in others:
            yield Difference(name, "only in the first", one=entry.form)
        elif entry.form != others[name].form:
            yield Difference(name, "form", entry.form, others[name].form)
        else:
            mine, its = first[entry.name], second[others[name].name]
            if not same_bits(mine, its):
                yield Difference(name, "values", entry.form, entry.form, *_distance(mine, its))
    for name, entry in others.items():
        if name not in entries:
            yield Difference(name, "only in the second", two=entry.form)


def _distance(one: Tensor, two: Tensor) -> tuple[float, float]:
    """The largest absolute difference, and the same over the largest value."""
    mine, its = (torch.view_as_real(t) if t.is_complex() else t for t in (one, two))
    mine, its = mine.double().reshape(-1), its.double().reshape(-1)
    apart = torch.where(mine == its, 0.0, (mine - its).abs())  # equal infinities are not apart
    apart = torch.where(mine.isnan() & its.isnan(), 0.0, apart)
    largest, scale = float(apart.max()), float(mine.abs().max())
    return largest, largest / scale if scale else float("inf") if largest else 0.0


def _hashes(one: CheckpointInfo, two: CheckpointInfo) -> tuple[tuple[str, str, str], ...]:
    common = sorted(one.hashes.keys() & two.hashes.keys())
    return tuple((n, one.hashes[n], two.hashes[n]) for n in common if one.hashes[n] != two.hashes[n])
