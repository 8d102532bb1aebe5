"""Protocol Buffers on the wire, as far as event files need them: a field is a key, then its value.

Source: "Encoding", protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

import math
import struct

_VARINT, _EIGHT, _LENGTH, _FOUR = 0, 1, 2, 5


def whole(field: int, value: int) -> bytes:
    r"""A field of type int32, int64, bool or enum.

    >>> whole(1, 150)
    b'\x08\x96\x01'
    """
    return _key(field, _VARINT) + _varint(value % 2**64)


def double(field: int, value: float) -> bytes:
    """A field of type double."""
    return _key(field, _EIGHT) + struct.pack("<d", value)


def single(field: int, value: float) -> bytes:
    """A field of type float; what is too large for 32 bits becomes an infinity."""
    try:
        packed = struct.pack("<f", value)
    except OverflowError:
        packed = struct.pack("<f", math.copysign(math.inf, value))
    return _key(field, _FOUR) + packed


def text(field: int, value: str) -> bytes:
    r"""A field of type string or bytes.

    >>> text(2, "testing")
    b'\x12\x07testing'
    """
    return message(field, value.encode("utf-8", "backslashreplace"))


def message(field: int, *fields: bytes) -> bytes:
    """A field that holds a message of its own: its fields, one after the other."""
    content = b"".join(fields)
    return _key(field, _LENGTH) + _varint(len(content)) + content


def _key(field: int, kind: int) -> bytes:
    return _varint(field << 3 | kind)


def _varint(value: int) -> bytes:
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    digits.append(value)
    return bytes(digits)
