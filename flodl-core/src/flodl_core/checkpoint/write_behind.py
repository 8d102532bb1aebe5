"""The disk begins while the program still writes.

A kernel keeps what is written until much of it has gathered or somebody calls fsync; then the program waits for
all of it at once. Asking early lets the disk work beside the writing: the fsync at the end finds little to do.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import BinaryIO, final

_STRETCH = 16 << 20  # bytes


@final
class WriteBehind:
    """Writes to a file from its present position on, and asks for each stretch to be put on the disk.

    Asking is a hint: where the platform has no such call or the file refuses it, the writing is the same.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._asked = self._written = file.tell()

    def write(self, data: memoryview) -> None:
        """Write all of `data`."""
        self._written += self._file.write(data)
        if self._written - self._asked >= _STRETCH:
            self._ask()

    def _ask(self) -> None:
        begin, self._asked = self._asked, self._written
        with suppress(OSError, AttributeError):  # Linux begins to write dirty pages that are "not needed" soon
            os.posix_fadvise(self._file.fileno(), begin, self._written - begin, os.POSIX_FADV_DONTNEED)
