"""Which entry of a file belongs to which tensor of a module: decided before anything is read or changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import final

from attrs import frozen

from flodl_core.checkpoint.dtypes import DTYPE_NAMES
from flodl_core.checkpoint.info import CheckpointInfo, Entry
from flodl_core.checkpoint.inventory import Inventory
from flodl_core.checkpoint.report import LoadReport, Mismatch


@final
@frozen(eq=False)
class Match:
    """What would be loaded.

    Args:
        sources: The module's name to the file's entry, for all that fit; a shared tensor may stand under each name.
        report: What will be reported if all goes well.
    """

    sources: Mapping[str, Entry]
    report: LoadReport


def match(info: CheckpointInfo, held: Inventory, other_names: Mapping[str, str]) -> Match:
    """Pair entries by name or alias, then by the other names that either side knows."""
    entries = {entry.name: entry for entry in info.entries}
    pairs = dict(_pairs(info, held, other_names))
    found = {name: entries[info.aliases.get(source, source)] for name, source in pairs.items()}
    mismatched = {m.name: m for m in (*_misfits(found, held), *_torn(found, held))}
    unfit = {held.first(name) for name in mismatched}
    sources = {name: entry for name, entry in found.items() if held.first(name) not in unfit}
    reached = {held.first(name) for name in sources}
    used = set(pairs.values())
    missing = tuple(name for name in held.tensors if name not in found and held.first(name) not in reached)
    skipped = tuple(name for name in info.names if name not in used)
    forms = {name: entries[info.aliases.get(name, name)].form for name in skipped}
    return Match(
        sources,
        LoadReport(
            info.path,
            loaded=tuple(name for name in held.tensors if held.first(name) in reached),
            skipped=skipped,
            missing=missing,
            mismatched=tuple(mismatched.values()),
            renamed=tuple((source, name) for name, source in pairs.items() if source != name and name in sources),
            verified=info.digested,
            forms=forms | {name: held.form(name) for name in missing},
        ),
    )


def _pairs(info: CheckpointInfo, held: Inventory, other_names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The module's name and the file's. An exact name is never given away to another entry's other name."""
    exact = set(info.names)
    yield from ((name, name) for name in held.tensors if name in exact)
    free = {name: name for name in info.names if name not in held.tensors}
    free |= {other: name for name, other in info.other_names.items() if name in free}
    for name in held.tensors:
        if name not in exact:
            source = free.get(other_names.get(name, name), free.get(name))
            if source is not None:
                yield name, source


def _misfits(found: Mapping[str, Entry], held: Inventory) -> Iterator[Mismatch]:
    """Entries whose type or shape is not the module's."""
    for name, entry in found.items():
        tensor = held.tensors[name]
        if entry.shape != tuple(tensor.shape) or entry.dtype != DTYPE_NAMES[tensor.dtype]:
            yield Mismatch(name, entry.form, held.form(name))


def _torn(found: Mapping[str, Entry], held: Inventory) -> Iterator[Mismatch]:
    """Tensors that the module shares and the file holds twice, with different values."""
    for name, first in held.aliases.items():
        one, two = found.get(first), found.get(name)
        if one and two and one.digest != two.digest:
            reason = f"shared with {first} in the module, two different tensors in the file"
            yield Mismatch(name, two.form, held.form(name), reason)
