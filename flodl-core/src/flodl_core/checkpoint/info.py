"""What a checkpoint says about itself, before a single tensor is read."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import final

from attrs import field, frozen


@final
@frozen
class Entry:
    """One tensor of a file.

    Args:
        dtype: safetensors' name: `"F32"`, `"BF16"`, `"I64"`, ...
        begin: Where its bytes begin, counted from the start of the file.
        size: Bytes.
        digest: xxh3 (128 bits) of its bytes; None in files that have none.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    size: int
    digest: str | None = None

    @property
    def form(self) -> str:
        """`"f32[16,2]"`: for messages and lists."""
        return form(self.dtype, self.shape)

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return prod(self.shape)


@final
@frozen(kw_only=True)
class About:
    """What is said of a model besides its tensors.

    Args:
        words: How the model is written down, to build it again.
        structure: The model's structure in text; where two differ, the difference is shown.
        hashes: Hashes of that structure, by the hash's name.
        other_names: What an entry is also called, so that it is found by either name.
        origins: Each component that the words name (`"module:linear"`) to the distribution that brings it.
        fdl_names: The Rust floDl's name of each entry, in its order, to the entry: what an `.fdl` file holds.
    """

    words: str | None = None
    structure: str | None = None
    hashes: Mapping[str, str] = field(factory=dict)
    other_names: Mapping[str, str] = field(factory=dict)
    origins: Mapping[str, str] = field(factory=dict)
    fdl_names: Mapping[str, str] = field(factory=dict)


NOTHING = About()


@final
@frozen
class CheckpointInfo:
    """A file's table of contents.

    Args:
        format: `"safetensors"`, `"fdl"` or `"fdl.gz"`.
        version: Of flodl's metadata, or of the `.fdl` layout; 0: safetensors that flodl did not write.
        entries: The tensors, in the order of their bytes.
        aliases: Further names of shared tensors, to the name that holds the bytes.
        other_names: What an entry is also called, so that it is found by either name.
        hashes: What the writer said of the model's structure, by the hash's name.
        structure: The model's structure in text; where two differ, the difference is shown.
        words: The graph's own words (TOML), where it knows them.
        origins: Each component that the words name to the distribution, with version, that brought it.
        fdl_names: The Rust floDl's name of each entry to the entry, in its order.
        digested: Whether digests (in `.fdl.gz`: gzip's checksum) cover every byte, so that a flipped bit is found.
    """

    path: Path
    format: str
    version: int
    entries: tuple[Entry, ...]
    aliases: Mapping[str, str] = field(factory=dict)
    other_names: Mapping[str, str] = field(factory=dict)
    hashes: Mapping[str, str] = field(factory=dict)
    structure: str | None = None
    words: str | None = None
    origins: Mapping[str, str] = field(factory=dict)
    fdl_names: Mapping[str, str] = field(factory=dict)
    digested: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that can be loaded: entries, then aliases."""
        return (*(entry.name for entry in self.entries), *self.aliases)

    @property
    def size(self) -> int:
        """Bytes of all tensors."""
        return sum(entry.size for entry in self.entries)


def form(dtype: str, shape: tuple[int, ...]) -> str:
    """A tensor's type and shape in a few letters.

    >>> form("BF16", (4, 8))
    'bf16[4,8]'
    """
    return f"{dtype.lower()}[{','.join(map(str, shape))}]"


def quoted(name: str, limit: int = 120) -> str:
    r"""A name from a file, fit to be printed: no control characters, not a page long.

    >>> quoted("a\x1b[31m")
    "'a\\x1b[31m'"
    """
    text = ascii(name)
    return text if len(text) <= limit else f"{text[:limit]}...'"


def shown(name: str) -> str:
    r"""A name for a list: as it is, unless that would upset a terminal.

    >>> shown("encoder.weight"), shown("a\nb")
    ('encoder.weight', "'a\\nb'")
    """
    return name if name.isprintable() and len(name) <= 120 else quoted(name)
