"""One state in a folder of its own: written so that it is there whole or not at all, read so that nothing is believed.

step-00001234-0017/
    manifest.json              files, sizes, digests, steps, epoch, metrics
    state.json                 the plain data of every part
    model.safetensors          a module's weights: any reader of safetensors opens it, `load_checkpoint` too
    step.tensors.safetensors   the other tensors of a part
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, final

from attrs import frozen
from torch import Tensor

from flodl_core.checkpoint.commit import sync_folder
from flodl_core.checkpoint.digest import digest_of
from flodl_core.checkpoint.header import LENGTH_BYTES, header_length
from flodl_core.checkpoint.info import NOTHING, About, CheckpointInfo
from flodl_core.checkpoint.inventory import Inventory
from flodl_core.checkpoint.safetensors_file import SafetensorsFile
from flodl_core.checkpoint.save import safetensors_info, write_safetensors
from flodl_core.checkpoint.state import manifest as contents
from flodl_core.checkpoint.state.manifest import FileEntry, Manifest, dump_manifest, parse_manifest
from flodl_core.checkpoint.state.picture import Picture
from flodl_core.checkpoint.state.plain import Json
from flodl_core.errors import CheckpointError

DATA = "state.json"
_WEIGHTS, _TENSORS = ".safetensors", ".tensors.safetensors"


@final
@frozen(eq=False)
class SavedPart:
    """One part as it was saved; its tensors lie over the file.

    Args:
        weights: A module's, with what the file says of them.
    """

    data: Json
    tensors: Mapping[str, Tensor]
    weights: tuple[CheckpointInfo, Mapping[str, Tensor]] | None = None


@final
@frozen(eq=False)
class SavedState:
    """A state, every byte of it checked."""

    manifest: Manifest
    parts: Mapping[str, SavedPart]


def write_state(folder: Path, picture: Picture, serial: int, metrics: Mapping[str, float]) -> None:
    """Write all files of a state into an empty folder, and make them outlive a power cut."""
    files = {}
    for name, part in picture.parts.items():
        if part.weights is not None:
            files[name + _WEIGHTS] = _write_tensors(folder / (name + _WEIGHTS), part.weights, part.about)
        if part.tensors:
            held = Inventory(part.tensors, {}, {}, {})
            files[name + _TENSORS] = _write_tensors(folder / (name + _TENSORS), held, NOTHING)
    data = json.dumps({name: part.data for name, part in picture.parts.items()}, allow_nan=False).encode()
    files[DATA] = _write(folder / DATA, lambda file: _write_bytes(file, data))
    manifest = Manifest(
        serial=serial,
        steps=picture.steps,
        epoch=picture.epoch,
        metrics=dict(metrics),
        parts=tuple(picture.parts),
        weights=tuple(name for name, part in picture.parts.items() if part.weights is not None),
        files=files,
    )
    _write(folder / contents.NAME, lambda file: _write_bytes(file, dump_manifest(manifest)))
    sync_folder(folder)


def read_manifest(folder: Path) -> Manifest:
    """The table of contents.

    Raises:
        CheckpointError, OSError: There is none, or it is damaged.
    """
    path = folder / contents.NAME
    if not path.is_file():
        raise CheckpointError(f"it has no {contents.NAME}")
    if path.stat().st_size > contents.MOST_BYTES:
        raise CheckpointError(f"its {contents.NAME} is larger than any")
    return parse_manifest(path.read_bytes())


def read_state(folder: Path) -> SavedState:
    """Read everything, and compare it with sizes and digests.

    Raises:
        CheckpointError, OSError: What is missing, strange or damaged, and in which file.
    """
    manifest = read_manifest(folder)
    files = {name: _checked(folder / name, entry) for name, entry in manifest.files.items()}
    data = _read_data(folder, manifest)
    parts = {}
    for name in manifest.parts:
        if (name in manifest.weights) != (name + _WEIGHTS in files):
            raise CheckpointError(f"the weights of part {name!r} are not there")
        weights = _read_tensors(files[name + _WEIGHTS]) if name in manifest.weights else None
        tensors = _read_tensors(files[name + _TENSORS])[1] if name + _TENSORS in files else {}
        parts[name] = SavedPart(data[name], tensors, weights)
    return SavedState(manifest, parts)


def _write(path: Path, write: Callable[[BinaryIO], bytes]) -> FileEntry:
    """A new file on the disk; the digest is of the bytes that `write` gives back."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    with open(descriptor, "w+b") as file:
        digest = digest_of(write(file))
        file.flush()
        os.fsync(descriptor)
        return FileEntry(os.fstat(descriptor).st_size, digest)


def _write_bytes(file: BinaryIO, data: bytes) -> bytes:
    file.write(data)
    return data


def _write_tensors(path: Path, held: Inventory, about: About) -> FileEntry:
    info, kept = safetensors_info(path, held, about)
    return _write(path, lambda file: write_safetensors(file, info, kept))


def _checked(path: Path, entry: FileEntry) -> Path:
    if not path.is_file():
        raise CheckpointError(f"its {path.name} is missing")
    size = path.stat().st_size
    if size != entry.size:
        raise CheckpointError(f"its {path.name} has {size:,} bytes, {entry.size:,} were written")
    with path.open("rb") as file, _saying(path):
        head = file.read(LENGTH_BYTES) if path.suffix == _WEIGHTS else b""
        rest = file.read(header_length(head, size) if path.suffix == _WEIGHTS else size)
    if digest_of(head + rest) != entry.digest:
        raise CheckpointError(f"its {path.name} is damaged: its bytes do not match their digest")
    return path


def _read_data(folder: Path, manifest: Manifest) -> dict[str, Json]:
    if DATA not in manifest.files:
        raise CheckpointError(f"it has no {DATA}")
    try:
        data = json.loads((folder / DATA).read_bytes())
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict) or data.keys() != set(manifest.parts):
        raise CheckpointError(f"its {DATA} does not hold its parts")
    return data


def _read_tensors(path: Path) -> tuple[CheckpointInfo, Mapping[str, Tensor]]:
    with path.open("rb") as file, _saying(path):
        container = SafetensorsFile(file, path)
        return container.info, container.tensors(entry.name for entry in container.info.entries)


@contextmanager
def _saying(path: Path) -> Iterator[None]:
    """Name the file in every error of the block."""
    try:
        yield
    except CheckpointError as error:
        raise CheckpointError(f"{path.name}: {error.what}", mend=error.mend) from error.__cause__


def files_of(folder: Path) -> Iterator[tuple[str, int, int, int]]:
    """What tells whether somebody touched a state: name, inode, size and time of each file."""
    for path in sorted(folder.iterdir()):
        found = path.stat()
        yield path.name, found.st_ino, found.st_size, found.st_mtime_ns
