"""Where files go: a folder that cannot be written to, or is nearly full, fails a run at its end."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator

from flodl_cli.health.finding import Finding

_LITTLE = 2**30  # bytes: a checkpoint of a small model with its optimizer's state


def look_at_folders() -> Iterator[Finding]:
    """The current folder, in which runs are written, and the temporary one; each is tried with a real file."""
    yield _look_at("current folder", os.getcwd, "cd to a folder that you may write to")
    yield _look_at("temporary folder", tempfile.gettempdir, "set TMPDIR to a folder that you may write to")


def _look_at(name: str, find: Callable[[], str], mend: str) -> Finding:
    try:
        folder = find()
    except OSError as error:  # it was removed, or there is none
        return Finding(name, f"cannot be found: {error.strerror or error}", "problem", mend)
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"flodl")
            file.flush()
    except OSError as error:
        return Finding(name, f"{folder} cannot be written to: {error.strerror or error}", "problem", mend)
    free = shutil.disk_usage(folder).free
    said = f"{folder}, {free / 2**30:.1f} GiB free"
    return Finding(name, said, "note", "make room: checkpoints need it") if free < _LITTLE else Finding(name, said)
