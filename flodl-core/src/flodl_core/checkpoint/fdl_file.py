"""Reading `.fdl` and `.fdl.gz`: the same rules, over a mapped file and over a stream that may be a bomb."""

from __future__ import annotations

import gzip
import mmap
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, final

from torch import Tensor

from flodl_core.checkpoint.dtypes import DTYPES
from flodl_core.checkpoint.fdl_layout import read_entries, read_head
from flodl_core.checkpoint.info import CheckpointInfo
from flodl_core.checkpoint.memory_view import tensor_over
from flodl_core.checkpoint.steady import WHILE_USED, Steady
from flodl_core.errors import CheckpointError

FLODL_HASH = "floDl"
"""The name, among a checkpoint's hashes, of the structural hash that floDl computes."""

_CHUNK = 1 << 20
_ALWAYS_ALLOWED = 64 << 20  # bytes
_MOST_EXPANSION = 64  # weights hardly shrink; a file that grows more than this is all but empty, or a bomb


@final
class FdlFile:
    """An open `.fdl`. It has no checksum: a changed value cannot be seen."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._steady = file, Steady(file)
        stream = _FileStream(file)
        self.info: CheckpointInfo = _read_info(stream, path, "fdl")
        if stream.left:
            raise CheckpointError(f"it goes on after its last entry, for {stream.left:,} bytes")

    def tensors(self, names: Iterable[str]) -> Mapping[str, Tensor]:
        """The named entries, over the mapped file."""
        wanted = set(names)
        mapped = memoryview(mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_COPY))
        return {
            entry.name: tensor_over(mapped[entry.begin : entry.begin + entry.size], DTYPES[entry.dtype], entry.shape)
            for entry in self.info.entries
            if entry.name in wanted
        }

    def check_given(self) -> None:
        """What `tensors` gave lies over the file: it is one state of it only if nobody wrote there."""
        self._steady.check(WHILE_USED)


@final
class GzippedFdlFile:
    """An open `.fdl.gz`. Read twice: for its table of contents, keeping nothing; then for what is wanted.

    gzip's own checksum covers every byte, and is compared both times.
    """

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        with _unpacked(file) as stream:
            self.info: CheckpointInfo = _read_info(stream, path, "fdl.gz", checked=True)
            stream.expect_end()

    def tensors(self, names: Iterable[str]) -> Mapping[str, Tensor]:
        """The named entries, which alone are held in memory."""
        wanted, found = set(names), {}
        if not self.info.entries:
            return {}
        with _unpacked(self._file) as stream:
            for entry in self.info.entries:
                stream.skip(entry.begin - stream.position)
                if entry.name in wanted:
                    data = memoryview(bytearray(entry.size))
                    stream.take_into(data)
                    found[entry.name] = tensor_over(data, DTYPES[entry.dtype], entry.shape)
                else:
                    stream.skip(entry.size)
            stream.expect_end()
        return found

    def check_given(self) -> None:
        """What `tensors` gave has memory of its own."""


def _read_info(stream: _FileStream | _GzipStream, path: Path, kind: str, *, checked: bool = False) -> CheckpointInfo:
    version, digest, count = read_head(stream)
    entries = tuple(read_entries(stream, count))
    hashes = {} if digest is None else {FLODL_HASH: digest}
    return CheckpointInfo(path, kind, version, entries, hashes=hashes, digested=checked)


@final
class _FileStream:
    """A file whose size is known: what is not there is refused at once."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = os.fstat(file.fileno()).st_size

    @property
    def left(self) -> int:
        return self._size - self._file.tell()

    def take(self, size: int) -> bytes:
        self._check(size)
        return self._file.read(size)

    def skip(self, size: int) -> int:
        self._check(size)
        begin = self._file.tell()
        self._file.seek(size, os.SEEK_CUR)
        return begin

    def _check(self, size: int) -> None:
        if size > self.left:
            raise CheckpointError(f"it is cut short: {size:,} bytes are due, {self.left:,} are left")


@final
class _GzipStream:
    """A compressed stream: counted as it is unpacked, stopped when it grows out of proportion."""

    def __init__(self, unpacked: gzip.GzipFile, most: int) -> None:
        self._unpacked = unpacked
        self._most = most
        self.position = 0

    def take(self, size: int) -> bytes:
        data = bytearray(size)  # callers ask for little: names, dimensions
        self.take_into(memoryview(data))
        return bytes(data)

    def take_into(self, data: memoryview) -> None:
        while data:
            count = self._unpacked.readinto(data[:_CHUNK])
            self._count(count)
            data = data[count:]

    def skip(self, size: int) -> int:
        begin = self.position
        self._check(size)
        while size:
            count = len(self._unpacked.read(min(size, _CHUNK)))
            self._count(count)
            size -= count
        return begin

    def expect_end(self) -> None:
        if self._unpacked.read(1):
            raise CheckpointError("it goes on after its last entry")

    def _check(self, size: int) -> None:
        if self.position + size > self._most:
            raise CheckpointError(
                f"it unpacks to more than {self._most:,} bytes, {_MOST_EXPANSION} times its own size: refused",
                mend="if you trust it, gunzip it and load the .fdl file",
            )

    def _count(self, count: int) -> None:
        if not count:
            raise CheckpointError(f"it is cut short: it ends after {self.position:,} bytes")
        self._check(count)
        self.position += count


@contextmanager
def _unpacked(file: BinaryIO) -> Iterator[_GzipStream]:
    """The file from its beginning; gzip's several ways to fail as one."""
    file.seek(0)
    most = max(_ALWAYS_ALLOWED, _MOST_EXPANSION * os.fstat(file.fileno()).st_size)
    try:
        with gzip.GzipFile(fileobj=file) as unpacked:
            yield _GzipStream(unpacked, most)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise CheckpointError(f"its gzip stream is damaged: {error}", mend="restore the file from a copy") from None
