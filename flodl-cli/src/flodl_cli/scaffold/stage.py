"""Writing a new folder: all of it appears at once, or nothing does."""

from __future__ import annotations

import shlex
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from flodl_core.errors import UsageError


def write_folder(target: Path, contents: Mapping[str, str], *, where: str) -> None:
    """Write files into a folder that is not there yet.

    They are written beside it first; one rename makes the folder appear. What interrupts that leaves nothing.

    Args:
        contents: Relative paths to texts.
        where: The command, for errors.

    Raises:
        UsageError: The folder exists, the one around it does not, or it cannot be written.
    """
    if target.exists() or target.is_symlink():
        raise UsageError(f"{target} exists already", where=where, mend="another name, or --into FOLDER")
    if not target.parent.is_dir():
        raise UsageError(
            f"there is no folder {target.parent}", where=where, mend=f"mkdir -p {shlex.quote(str(target.parent))}"
        )
    try:
        stage = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise _unwritable(target, error, where) from None
    try:
        for path, text in contents.items():
            file = stage / target.name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
        (stage / target.name).rename(target)
    except OSError as error:
        raise _unwritable(target, error, where) from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _unwritable(target: Path, error: OSError, where: str) -> UsageError:
    return UsageError(f"{target} cannot be written: {error.strerror or error}", where=where, mend="--into FOLDER")
