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
from flodl_core.checkpoint.torch_file import SUFFIXES, holds_torch
from flodl_core.errors import CheckpointError

_GZIP = b"\x1f\x8b"


class Container(Protocol):
    """An open checkpoint."""

    info: CheckpointInfo

    def tensors(self, names: Iterable[str]) -> Mapping[str, Tensor]:
        """The named entries on the CPU, every byte checked that can be."""
        ...

    def check_given(self) -> None:
        """After their use: that what `tensors` gave was what had been checked, to the end.

        Raises:
            CheckpointError: The file was written to meanwhile.
        """
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
        if holds_torch(path):
            raise CheckpointError("it is a torch file, which is a pickle: only a conversion opens it", mend=_mend(path))
        first = file.read(len(fdl_layout.MAGIC))
        file.seek(0)
        yield _opened(_kind(first), file, path)


def _opened(kind: Callable[[BinaryIO, Path], Container], file: BinaryIO, path: Path) -> Container:
    try:
        return kind(file, path)
    except CheckpointError as error:
        raise CheckpointError(error.what, mend=error.mend or "restore the file from a copy") from None


def _mend(path: Path) -> str:
    if path.suffix in SUFFIXES:
        return f"flodl checkpoint convert {path} {path.with_suffix('.safetensors')}"
    return f"rename it to {path.with_suffix('.pt')} if you trust it, then: flodl checkpoint convert"


def _kind(first: bytes) -> Callable[[BinaryIO, Path], Container]:
    if first == fdl_layout.MAGIC:
        return FdlFile
    return GzippedFdlFile if first.startswith(_GZIP) else SafetensorsFile
