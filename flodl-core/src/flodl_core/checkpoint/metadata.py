"""flodl's own words in a safetensors header: strings that other tools carry along and need not understand.

`flodl.seal` is a digest over all names, types, shapes and metadata, in an order of its own: a flipped bit in the
header is found, and a tool that writes the same tensors again in another order breaks nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from attrs import evolve

from flodl_core.checkpoint.digest import digest_of
from flodl_core.checkpoint.header_json import read_strings
from flodl_core.checkpoint.info import CheckpointInfo, Entry, quoted
from flodl_core.errors import CheckpointError

VERSION = 1
_PREFIX = "flodl."
_SEAL = "flodl.seal"
_TABLES = ("aliases", "other_names", "hashes", "origins", "fdl_names")


def dump_metadata(info: CheckpointInfo) -> dict[str, str]:
    """The header's strings for a file of these entries; each entry's digest is there already."""
    metadata = {
        "format": "pt",  # what other readers of safetensors look for
        "flodl.version": str(VERSION),
        "flodl.digests": _json({entry.name: entry.digest for entry in info.entries}),
    }
    for key in _TABLES:
        if table := getattr(info, key):
            metadata[_PREFIX + key] = _json(dict(table))
    for key, text in (("structure", info.structure), ("words", info.words)):
        if text is not None:
            metadata[_PREFIX + key] = text
    metadata[_SEAL] = _seal(metadata, info.entries)
    return metadata


def read_info(path: Path, metadata: Mapping[str, str], entries: tuple[Entry, ...]) -> CheckpointInfo:
    """What a header says, checked against its seal. A header without flodl's words: tensors alone.

    Raises:
        CheckpointError: It was changed since it was written, or written by a later flodl.
    """
    if not any(key.startswith(_PREFIX) for key in metadata):
        return CheckpointInfo(path, "safetensors", 0, entries)
    version = _version(metadata)
    if metadata.get(_SEAL) != _seal(metadata, entries):
        raise CheckpointError("its header was changed after it was written", mend="restore the file from a copy")
    digests = _table(metadata, "digests")
    if digests.keys() != {entry.name for entry in entries}:
        raise CheckpointError("its digests are not those of its entries")
    tables = {key: _table(metadata, key) for key in _TABLES}
    _check_names(tables["aliases"], tables["other_names"], tables["fdl_names"], digests.keys())
    return CheckpointInfo(
        path,
        "safetensors",
        version,
        tuple(evolve(entry, digest=digests[entry.name]) for entry in entries),
        structure=metadata.get("flodl.structure"),
        words=metadata.get("flodl.words"),
        digested=True,
        **tables,
    )


def _version(metadata: Mapping[str, str]) -> int:
    text = metadata.get("flodl.version", "")
    if not (text.isascii() and text.isdigit() and len(text) < 10) or int(text) < 1:
        raise CheckpointError(f"its version {quoted(text)} is no version", mend="restore the file from a copy")
    if int(text) > VERSION:
        raise CheckpointError(
            f"it is of version {int(text)}, this flodl reads up to {VERSION}", mend="pip install --upgrade flodl-core"
        )
    return int(text)


def _table(metadata: Mapping[str, str], key: str) -> dict[str, str]:
    table = read_strings(metadata.get(_PREFIX + key, "{}"))
    if table is None:
        raise CheckpointError(f"its {_PREFIX}{key} is not a table of strings")
    return table


def _check_names(
    aliases: Mapping[str, str], other_names: Mapping[str, str], fdl_names: Mapping[str, str], names: Iterable[str]
) -> None:
    known = set(names)
    for alias, name in aliases.items():
        if alias in known or name not in known:
            raise CheckpointError(f"its alias {quoted(alias)} of {quoted(name)} fits no entry")
    if unknown := sorted(set(other_names) - known - set(aliases)):
        raise CheckpointError(f"it renames {quoted(unknown[0])}, which it does not hold")
    if unknown := sorted(set(fdl_names.values()) - known - set(aliases)):
        raise CheckpointError(f"it has floDl's name of {quoted(unknown[0])}, which it does not hold")


def _seal(metadata: Mapping[str, str], entries: Iterable[Entry]) -> str:
    said = sorted((key, value) for key, value in metadata.items() if key != _SEAL)
    held = sorted((entry.name, entry.dtype, list(entry.shape)) for entry in entries)
    return digest_of(_json([said, held]).encode())


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
