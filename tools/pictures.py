"""Draw the pictures of the documentation anew: docs/pictures holds what the code of a page writes.

Usage: python tools/pictures.py      (photographs of real runs: python tools/photographs.py)
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pages import blocks
from projects import ROOT
from run_page import run_block

PAGE = ROOT / "docs" / "tutorials" / "visualization.md"
FOLDER = ROOT / "docs" / "pictures"


def pictures() -> dict[str, str]:
    """Name and text of each stored picture, as the page's code writes it today."""
    with _empty_folder() as folder:
        names: dict[str, object] = {"__name__": "__page__"}
        for block in blocks(PAGE):
            if block.language == "python":
                run_block(block, names)
        return {path.name: (folder / path.name).read_text() for path in sorted(FOLDER.glob("*.svg"))}


@contextmanager
def _empty_folder() -> Iterator[Path]:
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield Path(folder)
        finally:
            os.chdir(before)


if __name__ == "__main__":
    for name, text in pictures().items():
        (FOLDER / name).write_text(text)
        print(FOLDER / name)
