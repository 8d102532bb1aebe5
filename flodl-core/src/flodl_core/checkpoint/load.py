"""Reading a file into a module: everything is checked before the first parameter changes."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping
from difflib import unified_diff
from itertools import islice

import torch
from attrs import evolve
from torch import Tensor, nn

from flodl_core.checkpoint.bits import same_bits
from flodl_core.checkpoint.container import open_container
from flodl_core.checkpoint.info import CheckpointInfo, quoted
from flodl_core.checkpoint.inventory import Inventory, inventory
from flodl_core.checkpoint.match import Match, match
from flodl_core.checkpoint.place import at
from flodl_core.checkpoint.report import LoadReport
from flodl_core.errors import CheckpointError

_DIFF_LINES = 30


def load_checkpoint(
    path: str | os.PathLike[str],
    module: nn.Module,
    *,
    partial: bool = False,
    structure: str | None = None,
    hashes: Mapping[str, str] | None = None,
    other_names: Mapping[str, str] | None = None,
    absent: Collection[str] = (),
) -> LoadReport:
    """Fill a module's parameters and buffers, in place, from a file. All or nothing.

    Everything that can go wrong is looked for first: lengths, names, types, shapes, digests. The module's
    devices, `requires_grad` flags and memory addresses stay as they are.

    Args:
        partial: Load what matches and report the rest; by default file and module must hold the same.
        structure: The module's structure in text, shown as a difference where the hashes differ.
        hashes: Hashes of that structure, by name. Those that the file has too must be equal, unless `partial`.
        other_names: What else an entry of the module is called: it is found by either name.
        absent: Entries of the module that files of this kind never hold: they stay as they are, which is no fault.

    Raises:
        CheckpointError: The file is damaged, is no checkpoint, or does not fit. The module is as it was. Or another
            program wrote into the file in the moment of copying, which leaves the module with values of both.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from flodl_core.checkpoint import save_checkpoint
    >>> file = Path(tempfile.mkdtemp()) / "model.safetensors"
    >>> save_checkpoint(file, nn.Linear(2, 3))
    >>> load_checkpoint(file, nn.Linear(2, 3)).loaded
    ('weight', 'bias')
    """
    with at(path, "read") as source, open_container(source) as container:
        if not partial:
            _check_hashes(container.info, structure, hashes or {})
        held = inventory(module)
        matched = fit(container.info, module, held, partial=partial, other_names=other_names, absent=absent)
        tensors = container.tensors({entry.name for entry in matched.sources.values()})
        fill(module, held, matched, tensors)
        container.check_given()
        return matched.report


def read_metadata(path: str | os.PathLike[str]) -> CheckpointInfo:
    """What a file says about itself: entries, hashes, structure, words. Reads the header alone, and checks it.

    Raises:
        CheckpointError: The file is no checkpoint, or its header is damaged.
    """
    with at(path, "read") as source, open_container(source) as container:
        return container.info


def verify_checkpoint(path: str | os.PathLike[str]) -> CheckpointInfo:
    """Read every byte of a file and compare it with the digests; `.digested` of the answer says if it had any.

    Raises:
        CheckpointError: The file is no checkpoint, or something in it is damaged.
    """
    with at(path, "read") as source, open_container(source) as container:
        container.tensors(entry.name for entry in container.info.entries)
        return container.info


def _check_hashes(info: CheckpointInfo, structure: str | None, hashes: Mapping[str, str]) -> None:
    differing = sorted(name for name in info.hashes.keys() & hashes.keys() if info.hashes[name] != hashes[name])
    if differing:
        name = differing[0]
        what = f"it was saved from another structure: its {quoted(name)} hash is {quoted(info.hashes[name])}"
        lines = [f"{what}, the module's is {quoted(hashes[name])}", *_difference(info.structure, structure)]
        raise CheckpointError("\n".join(lines), mend="build the model that was saved, or pass partial=True")


def _difference(saved: str | None, now: str | None) -> Iterator[str]:
    if saved is not None and now is not None:
        lines = unified_diff(saved.splitlines(), now.splitlines(), "the file", "the module", lineterm="", n=1)
        yield from (f"  {line if line.isprintable() else ascii(line)}" for line in islice(lines, _DIFF_LINES))


def _check_fit(report: LoadReport, module: nn.Module, partial: bool) -> None:
    if report.complete or (partial and report.loaded):
        return
    counts = {"missing": report.missing, "unexpected": report.skipped, "mismatched": report.mismatched}
    said = ", ".join(f"{len(names)} {word}" for word, names in counts.items() if names)
    name = type(module).__name__
    what = f"no entry of it fits {name}: {said}" if partial else f"it does not fit {name}: {said}"
    faults = (line.replace("  skipped   ", "  unexpected", 1) for line in report.faults())
    mend = None if partial or not report.loaded else "partial=True loads what matches"
    raise CheckpointError("\n".join([what, *faults]), mend=mend)


def _check_writable(matched: Match, held: Inventory) -> None:
    """What torch would refuse in the middle is refused at the start."""
    for name in matched.sources:
        tensor = held.tensors[name]
        if any(step == 0 and size > 1 for size, step in zip(tensor.shape, tensor.stride(), strict=True)):
            reason, mend = "it is expanded: several of its elements are one", "register a clone() of it"
        elif tensor.is_inference() and not torch.is_inference_mode_enabled():
            reason, mend = "it was made in inference mode", "make the module outside torch.inference_mode()"
        else:
            continue
        raise CheckpointError(f"entry {quoted(name)} of the module cannot be written to: {reason}", mend=mend)


def _check_shared(matched: Match, held: Inventory, tensors: Mapping[str, Tensor]) -> None:
    """A file without digests may hold a shared tensor twice; then both must be the same."""
    for name, first in held.aliases.items():
        one, two = matched.sources.get(first), matched.sources.get(name)
        if one and two and one != two and not same_bits(tensors[one.name], tensors[two.name]):
            raise CheckpointError(
                f"{quoted(name)} and {quoted(first)} are one tensor in the module, two different ones in the file"
            )


def fit(
    info: CheckpointInfo,
    module: nn.Module,
    held: Inventory,
    *,
    partial: bool = False,
    other_names: Mapping[str, str] | None = None,
    absent: Collection[str] = (),
) -> Match:
    """What of a file goes where in a module. Changes nothing.

    Raises:
        CheckpointError: They do not fit, or the module cannot be written to.
    """
    matched = match(info, held, other_names or {})
    due = tuple(name for name in matched.report.missing if name not in absent)
    _check_fit(evolve(matched.report, missing=due), module, partial)
    _check_writable(matched, held)
    return matched


def fill(module: nn.Module, held: Inventory, matched: Match, tensors: Mapping[str, Tensor]) -> None:
    """Hand the values to the module's own `load_state_dict`, each shared tensor once."""
    _check_shared(matched, held, tensors)
    values: OrderedDict[str, Tensor] = OrderedDict()
    given: set[str] = set()
    for name, entry in matched.sources.items():
        if held.first(name) not in given:
            given.add(held.first(name))
            values[held.keys[name]] = tensors[entry.name]
    values._metadata = held.versions  # type: ignore[attr-defined]
    try:
        module.load_state_dict(values, strict=False)
    except Exception as error:  # a hook of the module's own; torch's part was checked
        raise CheckpointError(f"the module refused its values, some may have changed: {error}") from error
