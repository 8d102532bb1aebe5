"""An experiment file, read: its data, and where each thing in it was said.

The file is a stranger's: its size is looked at before it is read and its depth before it is
parsed, and it can name things but never import or call them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any, final

from attrs import field, frozen
from flodl_core.errors import ExperimentError
from flodl_core.where import Where

from flodl_cli.experiment.lines import Path, find_lines, nearest_line, nesting, without_text
from flodl_cli.toml import loads

MAX_BYTES = 1 << 20
MAX_DEPTH = 32
_AT_LINE = re.compile(r"\s*\(at line (\d+), column \d+\)$")


@final
@frozen
class Document:
    """What a file says, and where it says it."""

    file: str
    data: Mapping[str, Any]
    lines: dict[Path, int] = field(factory=dict)

    def where(self, *path: str | int) -> Where:
        """The file and, where it can be found, the line of what `path` leads to."""
        return Where(self.file, nearest_line(self.lines, path))


def read_document(file: str) -> Document:
    """Read an experiment file.

    Raises:
        ExperimentError: It is missing, no file, unreadable, over 1 MiB, not UTF-8, no TOML, or nested too deep.
    """
    toml = _decode(file, _read_bytes(file))
    bare = without_text(toml)
    if (depth := nesting(bare)) > MAX_DEPTH:
        raise _too_deep(file, f"{depth} levels")
    data = _parse(file, toml)
    if _deeper_than(data, MAX_DEPTH):
        raise _too_deep(file, f"over {MAX_DEPTH} levels")
    return Document(file, data, find_lines(bare))


def _read_bytes(file: str) -> bytes:
    path = FilePath(file)
    try:
        if path.is_dir():
            raise ExperimentError("a folder, where an experiment file is due", where=file, mend=_name_one(path))
        if (size := path.stat().st_size) > MAX_BYTES:
            raise _too_large(file, size)
        with path.open("rb") as stream:  # a pipe has no size: never more than the cap is read
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ExperimentError("no such file", where=file, mend=_name_one(path.parent)) from None
    except ExperimentError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise ExperimentError(f"cannot be read: {reason}", where=file, mend="check the path and its rights") from None
    if len(content) > MAX_BYTES:
        raise _too_large(file, len(content))
    return content


def _decode(file: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        what = f"not UTF-8: byte 0x{content[error.start]:02x}"
        raise ExperimentError(what, where=Where(file, line), mend="save the file as UTF-8") from None


def _parse(file: str, toml: str) -> Mapping[str, Any]:
    try:
        data: Mapping[str, Any] = loads(toml)
        return data
    except RecursionError:
        raise _too_deep(file, "too many levels") from None
    except ValueError as error:  # TOMLDecodeError, and what int() and date() refuse
        said = str(error)
        found = _AT_LINE.search(said)
        line = int(found[1]) if found else toml.count("\n") + 1 if said.endswith("(at end of document)") else 0
        what = f"not TOML: {_AT_LINE.sub('', said)}"
        raise ExperimentError(what, where=Where(file, line), mend="see https://toml.io for the syntax") from None


def _deeper_than(value: object, levels: int) -> bool:
    if not isinstance(value, Mapping | list):
        return False
    inside = value.values() if isinstance(value, Mapping) else value
    return levels == 0 or any(_deeper_than(item, levels - 1) for item in inside)


def _too_large(file: str, size: int) -> ExperimentError:
    what = f"{size:,} bytes, the limit for an experiment file is {MAX_BYTES:,}"
    return ExperimentError(what, where=file, mend="an experiment holds names and numbers; keep data in a data set")


def _too_deep(file: str, levels: str) -> ExperimentError:
    what = f"nested too deep: {levels}, the limit is {MAX_DEPTH}"
    return ExperimentError(what, where=file, mend="write nested flows flatter, or split them")


def _name_one(folder: FilePath) -> str:
    """The command for an experiment file that does lie there, so that it can be copied."""
    found = sorted(folder.glob("*.toml"))[:1] if folder.is_dir() else []
    return f"flodl run {found[0]}" if found else "flodl run FILE.toml, with the path to an experiment file"
