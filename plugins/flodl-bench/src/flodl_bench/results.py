"""The file of results: read whole, and written anew after each round, so that nothing measured is lost."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, final

import attrs
from flodl_core import UsageError

from flodl_bench.cell import Cell
from flodl_bench.setting import Setting

WHERE = "flodl bench --json"


@final
class Results:
    """What was measured, here and in calls before; entries of other settings stay as they are.

    Args:
        file: Where it is kept; None: nowhere.
        setting: Which entries count here.

    Raises:
        UsageError: The file cannot be read or written, or holds something else.
    """

    def __init__(self, file: Path | None, setting: Setting) -> None:
        self._file, self._setting = file, setting
        self._entries = [] if file is None else read_entries(file, WHERE)
        self._save()  # now, rather than after some minutes of measuring, if it cannot be written

    @property
    def cells(self) -> list[Cell]:
        """Those of this setting."""
        return [Cell.read(entry) for entry in self._entries if self._setting.fits(entry)]

    def cell(self, model: str, side: str) -> Cell:
        """What is known of one: perhaps nothing yet."""
        found = [cell for cell in self.cells if (cell.name, cell.side) == (model, side)]
        return found[0] if found else Cell(name=model, side=side)

    def put(self, cell: Cell) -> None:
        """Keep it instead of what was known before, at once and whole."""
        date = datetime.now(tz=timezone.utc).isoformat(timespec="seconds")
        entry = {**attrs.asdict(cell), **attrs.asdict(self._setting), "date": date}
        place = next((index for index, each in enumerate(self._entries) if self._is(each, cell)), None)
        if place is None:
            self._entries.append(entry)
        else:
            self._entries[place] = entry
        self._save()

    def _is(self, entry: dict[str, Any], cell: Cell) -> bool:
        return self._setting.fits(entry) and (entry["name"], entry["side"]) == (cell.name, cell.side)

    def _save(self) -> None:
        if self._file is None:
            return
        try:
            _write_whole(self._file, json.dumps(self._entries, indent=1) + "\n")
        except OSError as error:
            raise UsageError(
                f"{self._file} cannot be written: {error.strerror or error}", where=WHERE, mend="another file"
            ) from None


def read_entries(file: Path, where: str) -> list[dict[str, Any]]:
    """A list of entries, one entry alone, or one per line; an absent or empty file has none.

    Raises:
        UsageError: It cannot be read, or is something else.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise UsageError(f"{file} cannot be read: {reason}", where=where, mend="another file") from None
    entries = _parsed(text, file, where)
    for number, entry in enumerate(entries, 1):
        try:
            Cell.read(entry)
        except ValueError as error:
            raise UsageError(
                f"{file}: entry {number} is no result: {error}", where=where, mend="a file that flodl bench wrote"
            ) from None
    return entries


def _parsed(text: str, file: Path, where: str) -> list[Any]:
    if not text.strip():
        return []
    try:
        whole = json.loads(text)
    except ValueError as error:
        try:
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError:
            raise UsageError(f"{file} is no JSON: {error}", where=where, mend="another file") from None
    return whole if isinstance(whole, list) else [whole]


def _write_whole(file: Path, text: str) -> None:
    """The old file or the new one, never half of it."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, file.stat().st_mode & 0o777 if file.exists() else 0o644)
        os.replace(name, file)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
