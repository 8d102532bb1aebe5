"""The pages of documentation and the fenced blocks in them.

A block may be prepared by a comment on the line before its fence:
`<!-- not executed: reason -->` leaves it alone; `<!-- file: acme/layers.py -->` writes it to that file first.
A comment that begins with a line `<!-- run first:` holds python that sets the stage for
what follows, in the tests alone.
A ```text block straight after a python block is what that block prints.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from projects import ROOT, projects

STAGE = re.compile(r"^<!-- run first:\n(?P<text>.*?)^-->$", re.MULTILINE | re.DOTALL)
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
    """Every page: each distribution's README, what contributors read, and docs/."""
    readmes = [project.folder / "README.md" for project in projects()]
    others = [ROOT / "CONTRIBUTING.md", ROOT / "benchmarks" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [path for path in [*readmes, *others] if path.exists()]


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of one page and what sets the stage for them, in order."""
    text = page.read_text()
    found = [*STAGE.finditer(text), *BLOCK.finditer(text)]
    return [block_of(page, text, match) for match in sorted(found, key=lambda match: match.start("text"))]


def block_of(page: Path, text: str, match: re.Match[str]) -> Block:
    line = text.count("\n", 0, match.start("text"))
    parts = {"indent": "", "language": "python", "note": "", **match.groupdict()}
    body = "".join(each.removeprefix(parts["indent"]) for each in match["text"].splitlines(keepends=True))
    return Block(page, line, parts["language"], body, parts["note"] or "")
