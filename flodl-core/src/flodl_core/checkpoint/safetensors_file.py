"""Reading a safetensors file: the header is believed only where the file's size bears it out."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO, final

from torch import Tensor

from flodl_core.checkpoint.digest import digests_of
from flodl_core.checkpoint.dtypes import DTYPES
from flodl_core.checkpoint.header import LENGTH_BYTES, header_length, parse_header
from flodl_core.checkpoint.info import CheckpointInfo, Entry, quoted
from flodl_core.checkpoint.memory_view import tensor_over
from flodl_core.checkpoint.metadata import read_info
from flodl_core.checkpoint.steady import WHILE_USED, Steady
from flodl_core.errors import CheckpointError


@final
class SafetensorsFile:
    """One open file: its table of contents, checked, and its tensors, on demand."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._steady = file, Steady(file)
        size = os.fstat(file.fileno()).st_size
        length = header_length(file.read(LENGTH_BYTES), size)
        metadata, entries = parse_header(file.read(length), LENGTH_BYTES + length, size)
        self.info: CheckpointInfo = read_info(path, metadata, entries)

    def tensors(self, names: Iterable[str]) -> Mapping[str, Tensor]:
        """The named entries, each checked against its digest before any is given.

        They lie over the mapped file: memory is used for what is written to, and the file is not read twice.

        Raises:
            CheckpointError: Which entry is not what was written.
        """
        wanted = set(names)
        entries = [entry for entry in self.info.entries if entry.name in wanted]
        mapped = memoryview(mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_COPY))
        blocks = [mapped[entry.begin : entry.begin + entry.size] for entry in entries]
        check_digests(entries, blocks)
        self._steady.check()
        return {
            entry.name: tensor_over(block, DTYPES[entry.dtype], entry.shape)
            for entry, block in zip(entries, blocks, strict=True)
        }

    def check_given(self) -> None:
        """What `tensors` gave lies over the file: it is what was checked only if nobody wrote there."""
        self._steady.check(WHILE_USED)


def check_digests(entries: Iterable[Entry], blocks: Iterable[memoryview]) -> None:
    """Compare each entry that has a digest with the bytes that are there.

    Raises:
        CheckpointError: Naming the first that differs.
    """
    pairs = [(entry, block) for entry, block in zip(entries, blocks, strict=True) if entry.digest is not None]
    for (entry, _), digest in zip(pairs, digests_of(block for _, block in pairs), strict=True):
        if digest != entry.digest:
            raise CheckpointError(
                f"entry {quoted(entry.name)} is damaged: its bytes do not match their digest",
                mend="restore the file from a copy, or load an earlier checkpoint",
            )
