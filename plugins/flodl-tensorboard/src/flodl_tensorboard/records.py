"""A file of records, whole at every moment: length, its check sum, content, its check sum (TensorFlow's TFRecord)."""

from __future__ import annotations

import io
import os
import struct
import time
from pathlib import Path
from typing import final

SYNC_SECONDS = 1.0
"""How long a record may wait for the disk itself. A killed process loses nothing; a power cut, this much."""

_POLYNOMIAL = 0x82F63B78  # Castagnoli's, bits in reverse


def _table() -> list[int]:
    table = list(range(256))
    for _ in range(8):
        table = [value >> 1 ^ (_POLYNOMIAL if value & 1 else 0) for value in table]
    return table


_TABLE = _table()


def crc32c(data: bytes) -> int:
    """Castagnoli's check sum (RFC 3720, B.4).

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    value = 0xFFFFFFFF
    for byte in data:
        value = value >> 8 ^ _TABLE[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF


def framed(content: bytes) -> bytes:
    """The content as a record."""
    length = struct.pack("<Q", len(content))
    return length + _masked(length) + content + _masked(content)


def _masked(data: bytes) -> bytes:
    """A sum over data that holds sums is weak, so it is turned and shifted."""
    value = crc32c(data)
    return struct.pack("<I", (value >> 15 | value << 17 & 0xFFFFFFFF) + 0xA282EAD8 & 0xFFFFFFFF)


@final
class RecordFile:
    """Appends records to a new file, each by one unbuffered write.

    Raises:
        FileExistsError: Another run is writing there.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb", buffering=0)
        self._synced = time.monotonic()

    def append(self, content: bytes) -> None:
        """Write one record. A full disk leaves the file as it was, and raises.

        Raises:
            OSError: That, or the file was removed: nobody would see the record.
        """
        if os.fstat(self._file.fileno()).st_nlink == 0:
            raise FileNotFoundError(f"{self._file.name} was removed while it was being written")
        data = memoryview(framed(content))
        start = self._file.seek(0, io.SEEK_END)
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError:
            self._file.truncate(start)
            raise
        if time.monotonic() - self._synced >= SYNC_SECONDS:
            self._sync()

    def close(self) -> None:
        """Bring all to the disk and let the file go."""
        if not self._file.closed:
            self._sync()
            self._file.close()

    def _sync(self) -> None:
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()
