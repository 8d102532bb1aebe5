"""Noticing that somebody writes into a file while it is read.

flodl never does: it writes beside a file and renames, and who has the old one open goes on reading the old one. Other
tools copy into place. A mapped file shows what is in it now, so that what was checked need not be what is read later.
"""

from __future__ import annotations

import os
from typing import BinaryIO, final

from flodl_core.errors import CheckpointError

WHILE_USED = "another program wrote into it while it was loaded: what was loaded is not what was checked"


@final
class Steady:
    """A file as it was found: its size, and when it was written last.

    Not when its inode changed: a rename over its name does that, and leaves what is in it alone.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._found = self._now()

    def check(self, what: str = "it was changed while it was read") -> None:
        """Compare with the file now.

        Raises:
            CheckpointError: It is another size, or was written to.
        """
        if self._now() != self._found:
            raise CheckpointError(what, mend="load it again when nothing writes to it")

    def _now(self) -> tuple[int, int]:
        found = os.fstat(self._file.fileno())
        return found.st_size, found.st_mtime_ns
