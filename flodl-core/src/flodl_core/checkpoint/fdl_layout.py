"""The layout of `.fdl` files, floDl's own checkpoints: read with nothing trusted, written as floDl writes them.

All little endian: `FDLC`, u32 version (1 and 2 look alike), 32 bytes of structural hash (zeros: none), u32 count; per
entry u32 length and name, u32 dimensions and i64 each, u8 type, u64 bytes, the elements. There is no checksum.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from math import prod
from typing import Protocol

from flodl_core.checkpoint.dtypes import DTYPES
from flodl_core.checkpoint.info import Entry, form, quoted
from flodl_core.errors import CheckpointError

MAGIC = b"FDLC"
VERSION = 2
NO_HASH = bytes(32)

_VERSIONS = (1, 2)
_TAGS = {1: "F16", 2: "BF16", 3: "F32", 4: "F64", 5: "I32", 6: "I64"}
_TAG_OF = {name: tag for tag, name in _TAGS.items()}
_HEAD = struct.Struct("<4sI32sI")
_U32 = struct.Struct("<I")
_TAIL = struct.Struct("<BQ")
_LONGEST_NAME = 1 << 16
_MOST_ENTRIES = 1 << 18
_MOST_DIMENSIONS = 64  # as many as a tensor can have
_LARGEST = 2**63 - 1


class Stream(Protocol):
    """Bytes in order. Both methods refuse what is not there before anything is allocated."""

    def take(self, size: int) -> bytes:
        """The next bytes."""
        ...

    def skip(self, size: int) -> int:
        """Go past the next bytes; returns where they began."""
        ...


def read_head(stream: Stream) -> tuple[int, str | None, int]:
    """Version, structural hash in hexadecimal digits if there is one, and the number of entries."""
    magic, version, digest, count = _HEAD.unpack(stream.take(_HEAD.size))
    if magic != MAGIC:
        raise CheckpointError("it is no .fdl file: its first bytes are not FDLC")
    if version not in _VERSIONS:
        raise CheckpointError(f"it is an .fdl file of version {version}; versions 1 and 2 are known")
    if count > _MOST_ENTRIES:
        raise CheckpointError(f"it claims {count:,} entries")
    return version, None if digest == NO_HASH else digest.hex(), count


def read_entries(stream: Stream, count: int) -> Iterator[Entry]:
    """The entries; the stream stands behind the last one at the end.

    Raises:
        CheckpointError: Which entry breaks which rule.
    """
    seen: set[str] = set()
    for number in range(count):
        entry = _read_entry(stream, number)
        if entry.name in seen:
            raise CheckpointError(f"entry {quoted(entry.name)} stands twice in it")
        seen.add(entry.name)
        yield entry


def dump_head(structural_hash: str | None, count: int) -> bytes:
    """The first bytes of a file."""
    try:
        digest = NO_HASH if structural_hash is None else bytes.fromhex(structural_hash)
    except ValueError:
        digest = b""
    if len(digest) != len(NO_HASH):
        raise CheckpointError(f"a structural hash has 64 hexadecimal digits, got {quoted(str(structural_hash))}")
    return _HEAD.pack(MAGIC, VERSION, digest, count)


def dump_entry(name: str, dtype: str, shape: tuple[int, ...]) -> bytes:
    """What stands before the elements of one entry.

    Args:
        dtype: safetensors' name.

    Raises:
        CheckpointError: floDl has no such type.
    """
    if dtype not in _TAG_OF:
        known = ", ".join(_TAG_OF)
        raise CheckpointError(f"entry {quoted(name)}: floDl has no {dtype.lower()}, only {known.lower()}")
    text = name.encode()
    size = prod(shape) * DTYPES[dtype].itemsize
    dimensions = struct.pack(f"<{len(shape)}q", *shape)
    return b"".join((_U32.pack(len(text)), text, _U32.pack(len(shape)), dimensions, _TAIL.pack(_TAG_OF[dtype], size)))


def _read_entry(stream: Stream, number: int) -> Entry:
    (length,) = _U32.unpack(stream.take(_U32.size))
    if length > _LONGEST_NAME:
        raise CheckpointError(f"the name of its entry {number} claims {length:,} bytes")
    try:
        name = stream.take(length).decode()
    except UnicodeDecodeError:
        raise CheckpointError(f"the name of its entry {number} is no text") from None

    def fault(reason: str) -> CheckpointError:
        return CheckpointError(f"entry {quoted(name)}: {reason}")

    (dimensions,) = _U32.unpack(stream.take(_U32.size))
    if dimensions > _MOST_DIMENSIONS:
        raise fault(f"it claims {dimensions:,} dimensions")
    shape = struct.unpack(f"<{dimensions}q", stream.take(8 * dimensions))
    tag, size = _TAIL.unpack(stream.take(_TAIL.size))
    if tag not in _TAGS:
        raise fault(f"its type {tag} is none of floDl's")
    if any(length < 0 for length in shape):
        raise fault("its shape holds a negative number")
    if prod(length for length in shape if length) > _LARGEST:
        raise fault("its shape is larger than any memory")
    due = prod(shape) * DTYPES[_TAGS[tag]].itemsize
    if size != due:
        raise fault(f"{form(_TAGS[tag], shape)} is {due:,} bytes, it claims {size:,}")
    return Entry(name, _TAGS[tag], shape, stream.skip(size), size)
