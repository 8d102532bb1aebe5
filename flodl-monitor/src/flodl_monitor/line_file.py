"""Text files that are whole at every moment: lines appended in one write, or the file replaced at once."""

from __future__ import annotations

import io
import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import final
from weakref import WeakValueDictionary

from flodl_core.errors import MonitorError

SYNC_SECONDS = 1.0
"""How long a line may wait for the disk itself. A killed process loses nothing; a power cut, this much."""


def checked_path(path: str | os.PathLike[str]) -> Path:
    """The real path of a file to be written, its folder made.

    Raises:
        MonitorError: It is no path, a folder or a device, or its folder cannot be written.
    """
    mend = "give the path of a file to write, such as run.csv"
    try:
        real = Path(os.path.realpath(os.path.expanduser(os.fsdecode(path))))
        special = real.exists() and not real.is_file()
    except (TypeError, ValueError) as error:  # another type, a NUL in it
        raise MonitorError(f"{path!r} is no path of a file ({error})", mend=mend) from None
    except OSError as error:  # too long a name, a folder that may not be looked into
        raise MonitorError(f"{os.fsdecode(path)} cannot be written: {error}", mend=mend) from None
    if special:
        raise MonitorError(f"{real} is no ordinary file", mend=mend)
    try:
        real.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MonitorError(f"the folder of {real} cannot be made: {error}") from None
    if not os.access(real.parent, os.W_OK) or (real.exists() and not os.access(real, os.W_OK)):
        raise MonitorError(f"{real} cannot be written", mend="choose another path, or change the permissions")
    return real


_writers: WeakValueDictionary[Path, object] = WeakValueDictionary()


def claim(path: Path, writer: object) -> None:
    """A file that is written anew again and again belongs to whoever began it last."""
    _writers[path] = writer


def check_claim(path: Path, writer: object) -> None:
    """A monitor that was forgotten must not put its old page over a newer run's when the program ends.

    Raises:
        MonitorError: Another has begun to write there.
    """
    if _writers.get(path) is not writer:
        raise MonitorError(f"a later run writes {path}")


def set_aside(path: Path) -> None:
    """Keep the file of an earlier run: `run.csv` becomes `run.previous.csv`."""
    if path.exists() and path.stat().st_size:
        os.replace(path, path.with_name(f"{path.stem}.previous{path.suffix}"))


def read_text(path: Path) -> str:
    """All of a file, every line end as it stands there."""
    with path.open(encoding="utf-8", newline="") as file:
        return file.read()


def replace_text(path: Path, lines: Iterable[str]) -> None:
    """Write a file anew: readers, and a crash, see the old one or the new one; a full disk leaves the old one."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, part)
        os.replace(part, path)
    except OSError:
        part.unlink(missing_ok=True)  # its room is wanted
        raise


def write_file(path: Path, lines: Iterable[str]) -> Path:
    """The same, for whoever asked for the file; the path written.

    Raises:
        MonitorError: It cannot be written.
    """
    try:
        replace_text(path, lines)
    except OSError as error:
        raise MonitorError(f"{path} cannot be written: {error}") from None
    return path


def drop_torn_line(path: Path) -> None:
    """Cut off a last line without an end: what a crash left of it."""
    with path.open("r+b") as file:
        size = end = file.seek(0, io.SEEK_END)
        while end:
            start = max(0, end - 65536)
            file.seek(start)
            newline = file.read(end - start).rfind(b"\n")
            if newline >= 0:
                end = start + newline + 1
                break
            end = start
        if end < size:
            file.truncate(end)


@final
class LineFile:
    """Appends lines to a file, each by one unbuffered write: all of a line is there, or nothing of it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._synced = time.monotonic()

    def append(self, line: str) -> None:
        """Write one line, which brings its own end. A full disk leaves the file as it was, and raises.

        Raises:
            OSError: That, or the file was removed, or another put in its place: nobody would see the line.
        """
        if os.fstat(self._file.fileno()).st_nlink == 0:
            raise FileNotFoundError(f"{self._file.name} was removed or replaced while it was being written")
        data = memoryview(line.encode("utf-8"))
        start = self._file.seek(0, io.SEEK_END)
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError:
            self._file.truncate(start)
            raise
        if time.monotonic() - self._synced >= SYNC_SECONDS:
            self._sync()

    def close(self) -> None:
        """Bring all to the disk and let the file go."""
        if not self._file.closed:
            self._sync()
            self._file.close()

    def _sync(self) -> None:
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()
