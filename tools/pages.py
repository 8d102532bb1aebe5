"""The pages of documentation and the fenced blocks in them.

A block may be prepared by a comment on the line before its fence:
`<!-- not executed: reason -->` leaves it alone; `<!-- file: acme/layers.py -->` writes it to that file first.
A ```text block straight after a python block is what that block prints.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from projects import ROOT, projects

BLOCK = re.compile(
    r"(?:^<!-- (?P<note>[^\n]*?) -->\n)?^(?P<indent> *)```(?P<language>[a-z]*)[^\n]*\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    page: Path
    line: int
    language: str
    text: str
    note: str

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def executed(self) -> bool:
        return not self.note.startswith("not executed:")

    @property
    def file(self) -> str | None:
        """The file that this block is to be written to."""
        return self.note.partition("file:")[2].strip() if self.note.startswith("file:") else None


def pages() -> list[Path]:
    """Every page: the root's, each distribution's README, and docs/."""
    readmes = [project.folder / "README.md" for project in projects()]
    return [
        path for path in [*readmes, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))] if path.exists()
    ]


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of one page, in order."""
    text = page.read_text()
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start("text"))
        body = "".join(part.removeprefix(match["indent"]) for part in match["text"].splitlines(keepends=True))
        yield Block(page, line, match["language"], body, match["note"] or "")
