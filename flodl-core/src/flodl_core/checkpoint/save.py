"""Writing a module into one file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

from attrs import asdict, evolve
from torch import Tensor, nn

from flodl_core.checkpoint.commit import committed
from flodl_core.checkpoint.digest import HEX_LENGTH, Digest
from flodl_core.checkpoint.dtypes import DTYPE_NAMES
from flodl_core.checkpoint.fdl_file import FLODL_HASH
from flodl_core.checkpoint.fdl_writer import save_fdl
from flodl_core.checkpoint.header import dump_header
from flodl_core.checkpoint.info import NOTHING, About, CheckpointInfo, Entry
from flodl_core.checkpoint.inventory import Inventory, inventory
from flodl_core.checkpoint.memory_view import bytes_of
from flodl_core.checkpoint.metadata import VERSION, dump_metadata
from flodl_core.checkpoint.place import at
from flodl_core.checkpoint.write_behind import WriteBehind
from flodl_core.errors import CheckpointError

_PIECE = 1 << 20  # bytes


def save_checkpoint(
    path: str | os.PathLike[str],
    module: nn.Module,
    *,
    words: str | None = None,
    structure: str | None = None,
    hashes: Mapping[str, str] | None = None,
    other_names: Mapping[str, str] | None = None,
) -> None:
    """Keep a module's parameters and buffers in one file, which is there whole or not at all.

    The file is safetensors: any tool that reads those reads it. A digest of each tensor and of the header
    stands in its metadata. What is shared is kept once, with its further names.

    Args:
        module: Any module, on any device, of dense tensors. What `state_dict()` lists is kept: parameters and
            persistent buffers.
        words: How the model is written down, to build it again.
        structure: The model's structure in text: a load into another structure shows the difference.
        hashes: Hashes of that structure, by name; a load compares those that both sides have.
        other_names: What else an entry may be called: a load finds it by either name.

    Raises:
        CheckpointError: The module holds what no file can, or the file cannot be written. What was at `path`
            before is then untouched.

    >>> import tempfile
    >>> from pathlib import Path
    >>> file = Path(tempfile.mkdtemp()) / "model.safetensors"
    >>> save_checkpoint(file, nn.Linear(2, 3))
    >>> from safetensors.torch import load_file
    >>> sorted(load_file(file))
    ['bias', 'weight']
    """
    about = About(words=words, structure=structure, hashes=dict(hashes or {}), other_names=dict(other_names or {}))
    with at(path, "write"):
        held = inventory(module)
    save_inventory(path, held, about)


def save_inventory(path: str | os.PathLike[str], held: Inventory, about: About) -> None:
    """The same for what was listed, or copied, before; into an `.fdl` file where the path ends so."""
    if os.fsdecode(path).endswith((".fdl", ".fdl.gz")):
        _save_as_fdl(path, held, about)
        return
    with at(path, "write") as target:
        info, kept = safetensors_info(target, held, about)
        with committed(target) as file:
            write_safetensors(file, info, kept)


def _save_as_fdl(path: str | os.PathLike[str], held: Inventory, about: About) -> None:
    if held.tensors and not about.fdl_names:
        where = os.fsdecode(path)
        raise CheckpointError(
            "an .fdl file needs floDl's names for the entries", where=where, mend="save_fdl(path, tensors)"
        )
    tensors = {name: held.tensors[key] for name, key in about.fdl_names.items()}
    save_fdl(path, tensors, structural_hash=about.hashes.get(FLODL_HASH))


def safetensors_info(
    path: Path, held: Inventory, about: About = NOTHING
) -> tuple[CheckpointInfo, Mapping[str, Tensor]]:
    """The table of contents of a file to be written, and the tensors that will follow; shared ones once."""
    kept = {name: tensor for name, tensor in held.tensors.items() if name not in held.aliases}
    other_names = {name: other for name, other in about.other_names.items() if name in held.tensors}
    said = asdict(evolve(about, other_names=other_names), recurse=False)
    return CheckpointInfo(path, "safetensors", VERSION, _layout(kept), aliases=held.aliases, **said), kept


def write_safetensors(file: BinaryIO, info: CheckpointInfo, tensors: Mapping[str, Tensor]) -> bytes:
    """Write head and tensors in one pass: the head's place is kept free until the digests are known.

    Returns:
        The head, which holds the digest of every tensor.
    """
    blank = _with_digests(info, ["0" * HEX_LENGTH] * len(info.entries))
    head = dump_header(dump_metadata(blank), blank.entries)
    file.write(head)
    digests = _write_tensors(file, (tensors[entry.name] for entry in info.entries))
    final = _with_digests(info, digests)
    file.seek(0)
    sealed = dump_header(dump_metadata(final), final.entries)
    assert len(sealed) == len(head)  # digests are of one length
    file.write(sealed)
    return sealed


def _layout(tensors: Mapping[str, Tensor]) -> tuple[Entry, ...]:
    """The entries in the file's order: wide types first, so that each begins at a multiple of its element."""
    entries = (
        Entry(name, DTYPE_NAMES[tensor.dtype], tuple(tensor.shape), 0, tensor.numel() * tensor.element_size())
        for name, tensor in tensors.items()
    )
    return tuple(sorted(entries, key=lambda entry: -tensors[entry.name].element_size()))


def _with_digests(info: CheckpointInfo, digests: list[str]) -> CheckpointInfo:
    entries = (evolve(entry, digest=digest) for entry, digest in zip(info.entries, digests, strict=True))
    return evolve(info, entries=tuple(entries), digested=True)


def _write_tensors(file: BinaryIO, tensors: Iterable[Tensor]) -> list[str]:
    """Write each tensor and digest it on the way; one at a time is in memory beside the module."""
    stream = WriteBehind(file)
    return [_write(stream, bytes_of(tensor)) for tensor in tensors]


def _write(stream: WriteBehind, data: memoryview) -> str:
    """Small pieces: what was digested is still in the processor's cache when it is written."""
    digest = Digest()
    for begin in range(0, len(data), _PIECE):
        piece = data[begin : begin + _PIECE]
        digest.update(piece)
        stream.write(piece)
    return digest.hex()
