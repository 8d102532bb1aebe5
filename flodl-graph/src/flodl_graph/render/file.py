"""A drawing into a file."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from flodl_core import UsageError


def write_drawing(path: str | PathLike[str], text: str) -> None:
    """Write the text of a drawing.

    Raises:
        UsageError: The file cannot be written.
    """
    try:
        Path(path).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        what = f"the drawing cannot be written: {error.strerror or error}"
        raise UsageError(what, where=str(path), mend="check the path and its folder") from None
