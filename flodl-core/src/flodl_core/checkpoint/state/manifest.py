"""What a state says about itself: which files, how long, which digests, how far the run was. Sealed."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, final

from attrs import asdict, field, frozen

from flodl_core.checkpoint.digest import digest_of
from flodl_core.checkpoint.info import quoted
from flodl_core.checkpoint.state.plain import pack, unpack
from flodl_core.errors import CheckpointError

FORMAT = 1
NAME = "manifest.json"
MOST_BYTES = 16 << 20


@final
class TooNew(CheckpointError):
    """A state that is whole, and of a later flodl: nothing to fall back from in silence."""


@final
@frozen
class FileEntry:
    """One file of a state.

    Args:
        size: Bytes.
        digest: xxh3 (128 bits): of all bytes of a JSON file; of a safetensors file's header, which holds the
            digests of its tensors.
    """

    size: int
    digest: str


@final
@frozen(kw_only=True)
class Manifest:
    """The table of contents of one state.

    Args:
        serial: Its number among the states of the folder; a later one has a higher number.
        steps: Optimizer steps done; None where no part counts them.
        epoch: Epochs finished; likewise.
        metrics: Of the epoch that ended with it; empty within an epoch.
        weights: Parts that are modules.
        saved: Wall clock, seconds since 1970.
    """

    serial: int
    steps: int | None = None
    epoch: int | None = None
    metrics: Mapping[str, float] = field(factory=dict)
    parts: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    files: Mapping[str, FileEntry] = field(factory=dict)
    saved: float = field(factory=time.time)


def dump_manifest(manifest: Manifest) -> bytes:
    """As JSON with a seal: a digest over all the rest."""
    said = {"format": FORMAT, **pack(asdict(manifest), {})}
    return json.dumps({**said, "seal": _seal(said)}, indent=1, allow_nan=False).encode()


def parse_manifest(text: bytes) -> Manifest:
    """Read and check it.

    Raises:
        CheckpointError: It is damaged.
        TooNew: It is of a later flodl.
    """
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or not isinstance(said.get("format"), int):
        raise CheckpointError(f"its {NAME} is damaged")
    seal = said.pop("seal", None)
    if seal != _seal(said):
        raise CheckpointError(f"its {NAME} was changed after it was written")
    if said["format"] > FORMAT:
        raise TooNew(
            f"it is of format {said['format']}, this flodl reads up to {FORMAT}",
            mend="pip install --upgrade flodl-core",
        )
    try:
        return _manifest(said)
    except (TypeError, ValueError, LookupError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"its {NAME} is no table of contents: {quoted(str(error))}") from None


def _manifest(said: dict[str, Any]) -> Manifest:
    fields = {key: unpack(value, {}) for key, value in said.items() if key not in ("format", "files")}
    files = {name: FileEntry(int(entry["size"]), str(entry["digest"])) for name, entry in said["files"].items()}
    manifest = Manifest(**fields, files=files)
    names = (*manifest.parts, *manifest.weights, *files)
    counts = (manifest.steps, manifest.epoch)
    if not all(isinstance(name, str) and "/" not in name and not name.startswith(".") for name in names):
        raise ValueError("a name in it is none")
    if type(manifest.serial) is not int or not all(count is None or type(count) is int for count in counts):
        raise ValueError("a count in it is none")
    if not all(type(value) in (int, float) for value in manifest.metrics.values()):
        raise ValueError("a metric in it is no number")
    return manifest


def _seal(said: Mapping[str, Any]) -> str:
    return digest_of(json.dumps(said, sort_keys=True, separators=(",", ":"), allow_nan=False).encode())
