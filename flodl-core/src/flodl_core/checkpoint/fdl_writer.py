"""Writing `.fdl` and `.fdl.gz` for the Rust floDl."""

from __future__ import annotations

import gzip
import os
from collections.abc import Mapping
from typing import BinaryIO, cast

from torch import Tensor

from flodl_core.checkpoint.commit import committed
from flodl_core.checkpoint.dtypes import DTYPE_NAMES
from flodl_core.checkpoint.fdl_layout import dump_entry, dump_head
from flodl_core.checkpoint.info import quoted
from flodl_core.checkpoint.memory_view import bytes_of
from flodl_core.checkpoint.place import at
from flodl_core.errors import CheckpointError


def save_fdl(
    path: str | os.PathLike[str], tensors: Mapping[str, Tensor], *, structural_hash: str | None = None
) -> None:
    """Write tensors under floDl's names into a file that floDl reads; whole or not at all.

    Args:
        path: Compressed with gzip when it ends in `.gz`, as in floDl.
        tensors: floDl's name (`"linear_1/weight"`) to tensor, in floDl's order: parameters, then buffers.
        structural_hash: floDl's, 64 hexadecimal digits; None: floDl then checks names and shapes alone.

    Raises:
        CheckpointError: floDl has no such type, or the file cannot be written. What was there is then untouched.

    >>> import tempfile, torch
    >>> from pathlib import Path
    >>> from flodl_core.checkpoint import read_metadata
    >>> file = Path(tempfile.mkdtemp()) / "model.fdl"
    >>> save_fdl(file, {"linear_1/bias": torch.zeros(3)})
    >>> [entry.form for entry in read_metadata(file).entries]
    ['f32[3]']
    """
    with at(path, "write") as target:
        heads = {name: _head(name, tensor) for name, tensor in tensors.items()}
        first = dump_head(structural_hash, len(heads))
        with committed(target) as file:
            if target.suffix == ".gz":
                with gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:  # the same bytes for the same tensors
                    _write(cast(BinaryIO, packed), first, heads, tensors)
            else:
                _write(file, first, heads, tensors)


def _head(name: str, tensor: Tensor) -> bytes:
    if tensor.dtype not in DTYPE_NAMES:
        raise CheckpointError(f"entry {quoted(name)}: floDl has no {tensor.dtype}")
    return dump_entry(name, DTYPE_NAMES[tensor.dtype], tuple(tensor.shape))


def _write(file: BinaryIO, first: bytes, heads: Mapping[str, bytes], tensors: Mapping[str, Tensor]) -> None:
    file.write(first)
    for name, head in heads.items():
        file.write(head)
        file.write(bytes_of(tensors[name]))
