"""The head of a safetensors file: eight bytes of length, then JSON. Read with nothing trusted.

Format: https://github.com/huggingface/safetensors#format. What it demands is checked: each name once,
known types, offsets that fit shape and type, bytes without holes, overlaps or a rest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from flodl_core.checkpoint.dtypes import DTYPES
from flodl_core.checkpoint.header_json import METADATA, MOST_ENTRIES, read_table
from flodl_core.checkpoint.info import Entry, form, quoted
from flodl_core.errors import CheckpointError

LENGTH_BYTES = 8
MOST_HEADER_BYTES = 32 << 20
"""Enough for a hundred thousand tensors; a longer header is a lie or an attack."""

_ALIGNMENT = 8
_KEYS = {"dtype", "shape", "data_offsets"}
_LARGEST = 2**63 - 1


def dump_header(metadata: Mapping[str, str], tensors: Sequence[Entry]) -> bytes:
    """The head of a file whose tensors follow in this order; padded so that the first one is aligned."""
    if len(tensors) >= MOST_ENTRIES:  # the metadata is one more
        raise CheckpointError(f"it would hold {len(tensors):,} tensors, at most {MOST_ENTRIES - 1:,} can be read")
    table: dict[str, Any] = {METADATA: dict(metadata)}
    position = 0
    for entry in tensors:
        table[entry.name] = {
            "dtype": entry.dtype,
            "shape": list(entry.shape),
            "data_offsets": [position, position + entry.size],
        }
        position += entry.size
    text = json.dumps(table, separators=(",", ":")).encode()
    text += b" " * (-(LENGTH_BYTES + len(text)) % _ALIGNMENT)
    if len(text) > MOST_HEADER_BYTES:
        raise CheckpointError(f"its header would be {len(text):,} bytes, at most {MOST_HEADER_BYTES:,} can be read")
    return len(text).to_bytes(LENGTH_BYTES, "little") + text


def header_length(head: bytes, file_size: int) -> int:
    """The JSON's length, from the first eight bytes, checked against the size of the file."""
    if len(head) < LENGTH_BYTES:
        raise CheckpointError(f"it is no checkpoint: {file_size} bytes are too few for a safetensors header")
    length, left = int.from_bytes(head, "little"), file_size - LENGTH_BYTES
    if length > left:
        raise CheckpointError(f"it is cut short or no safetensors: a header of {length:,} bytes, {left:,} are left")
    if length > MOST_HEADER_BYTES:
        raise CheckpointError(f"its header claims {length:,} bytes, more than {MOST_HEADER_BYTES:,}")
    return length


def parse_header(text: bytes, data_begin: int, file_size: int) -> tuple[dict[str, str], tuple[Entry, ...]]:
    """Metadata, and the entries in the order of their bytes.

    Raises:
        CheckpointError: Which entry breaks which rule.
    """
    table = read_table(text)
    metadata = table.pop(METADATA, {})
    entries = sorted((_entry(name, fields, data_begin) for name, fields in table.items()), key=_place)
    end = data_begin
    for entry in entries:
        if entry.begin != end:
            raise CheckpointError(f"entry {quoted(entry.name)} begins at byte {entry.begin:,}, {end:,} is due")
        end += entry.size
        if end > file_size:
            raise CheckpointError(
                f"it is cut short at entry {quoted(entry.name)}: {end:,} bytes are due, {file_size:,} are there"
            )
    if end != file_size:
        raise CheckpointError(f"it goes on after its last entry, for {file_size - end:,} bytes")
    return metadata, tuple(entries)


def _entry(name: str, fields: Any, data_begin: int) -> Entry:
    def fault(reason: str) -> CheckpointError:
        return CheckpointError(f"entry {quoted(name)}: {reason}")

    if not isinstance(fields, dict) or set(fields) != _KEYS:
        raise fault("it has not exactly dtype, shape and data_offsets")
    dtype, shape, offsets = fields["dtype"], fields["shape"], fields["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise fault(f"its type {quoted(str(dtype))} is not known here")
    if not _whole_numbers(shape) or not _whole_numbers(offsets) or len(offsets) != 2:
        raise fault("its shape or its offsets are not whole numbers from 0 on")
    begin, end = offsets
    if prod(length for length in shape if length) > _LARGEST:
        raise fault("its shape is larger than any memory")
    size = prod(shape) * DTYPES[dtype].itemsize
    if end - begin != size:
        raise fault(f"{form(dtype, tuple(shape))} is {size:,} bytes, its offsets hold {end - begin:,}")
    return Entry(name, dtype, tuple(shape), data_begin + begin, size)


def _whole_numbers(value: object) -> bool:
    return isinstance(value, list) and all(type(item) is int and 0 <= item <= _LARGEST for item in value)


def _place(entry: Entry) -> tuple[int, int]:
    return entry.begin, entry.size  # empty ones first where several begin at one byte
