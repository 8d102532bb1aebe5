"""Opening a checkpoint of any kind that is known: told by its first bytes, never by its name."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from torch import Tensor

from flodl_core.checkpoint import fdl_layout
from flodl_core.checkpoint.fdl_file import FdlFile, GzippedFdlFile
from flodl_core.checkpoint.info import CheckpointInfo
from flodl_core.checkpoint.safetensors_file import SafetensorsFile
from flodl_core.errors import CheckpointError

_GZIP = b"\x1f\x8b"


class Container(Protocol):
    """An open checkpoint."""

    info: CheckpointInfo

    def tensors(self, names: Iterable[str]) -> Mapping[str, Tensor]:
        """The named entries on the CPU, every byte checked that can be."""
        ...


@contextmanager
def open_container(path: Path) -> Iterator[Container]:
    """The checkpoint at `path`, its table of contents read and checked.

    Raises:
        CheckpointError, OSError: It is none, it is damaged, it cannot be read.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise CheckpointError("what is there is not a regular file", mend="name a checkpoint file")
    with path.open("rb") as file:
        first = file.read(len(fdl_layout.MAGIC))
        file.seek(0)
        yield _kind(first)(file, path)


def _kind(first: bytes) -> Callable[[BinaryIO, Path], Container]:
    if first == fdl_layout.MAGIC:
        return FdlFile
    return GzippedFdlFile if first.startswith(_GZIP) else SafetensorsFile
