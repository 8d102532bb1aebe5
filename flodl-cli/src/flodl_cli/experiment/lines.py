"""Where a TOML file says what: tomllib gives values and no positions, so this finds the lines.

Only what people write is found: table headers and bare keys that begin a line. Anything else is
answered with the nearest thing around it that was found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias, final

from attrs import define, field

Path: TypeAlias = tuple[str | int, ...]
"""Keys and indices from the top of the file: `("model", "flow", 2, "through")`."""

# Unterminated strings end at the end of their line (or file): each character is looked at once,
# so a hostile file cannot make this slow.
_STRING_OR_COMMENT = re.compile(
    r'"""(?:\\.|[^\\])*?(?:"{3,5}|\Z)'
    r"|'''.*?(?:'{3,5}|\Z)"
    r'|"(?:\\[^\n]|[^"\\\n])*(?:"|\\?(?=\n)|\\?\Z)'
    r"|'[^'\n]*(?:'|(?=\n)|\Z)"
    r"|\#[^\n]*",
    re.DOTALL,
)
_HEADER = re.compile(r"\s*(\[\[?)\s*([\w\-]+(?:\s*\.\s*[\w\-]+)*)\s*\]\]?\s*$")
_KEY = re.compile(r"\s*([\w\-]+(?:\s*\.\s*[\w\-]+)*)\s*=")
_BRACKET = re.compile(r"[\[\]{}]")
_DOTTED_RUN = re.compile(r'[\w\-." \t]+')


def without_text(toml: str) -> str:
    """The file with comments gone and every string empty, line for line.

    >>> without_text('a = "x = [" # why')
    'a = "" '
    """
    return _STRING_OR_COMMENT.sub(_emptied, toml)


def nesting(bare: str) -> int:
    """How deep brackets and dotted keys go, in a text that `without_text` made."""
    depth = deepest = 0
    for bracket in _BRACKET.finditer(bare):
        depth += 1 if bracket[0] in "[{" else -1
        deepest = max(deepest, depth)
    return max(deepest, max((run[0].count(".") for run in _DOTTED_RUN.finditer(bare)), default=0))


def find_lines(bare: str) -> dict[Path, int]:
    r"""The line of every table header and of every key that begins a line.

    >>> find_lines("[train]\nepochs = 3\n[[flow]]\nuse = 1\n[[flow]]")
    {('train',): 1, ('train', 'epochs'): 2, ('flow', 0): 3, ('flow', 0, 'use'): 4, ('flow', 1): 5}
    """
    headers = _Headers()
    for number, line in _top_level(bare):
        if header := _HEADER.match(line):
            headers.enter(header[1], _parts(header[2]), number)
        elif key := _KEY.match(line):
            headers.lines.setdefault(headers.table + _parts(key[1]), number)
    return headers.lines


def nearest_line(lines: dict[Path, int], path: Path) -> int:
    """The line of `path`, else of the nearest thing around it; 0 when nothing is known."""
    for length in range(len(path), 0, -1):
        if line := lines.get(path[:length]) or _first_inside(lines, path[:length]):
            return line
    return 0


def _first_inside(lines: dict[Path, int], path: Path) -> int:
    """Where a table begins that has no header of its own: `[[models.flow]]` alone makes a `models`."""
    return min((line for inside, line in lines.items() if inside[: len(path)] == path), default=0)


@final
@define
class _Headers:
    """The table that the next key belongs to; arrays of tables are counted."""

    lines: dict[Path, int] = field(factory=dict)
    table: Path = ()
    _counts: dict[Path, int] = field(factory=dict)

    def enter(self, brackets: str, parts: Path, number: int) -> None:
        path = self._resolved(parts[:-1]) + parts[-1:]
        if brackets == "[[":
            self._counts[path] = self._counts.get(path, 0) + 1
        self.table = self._resolved(parts)
        self.lines.setdefault(self.table, number)

    def _resolved(self, parts: Path) -> Path:
        path: Path = ()
        for part in parts:
            path = (*path, part)
            if path in self._counts:
                path = (*path, self._counts[path] - 1)
        return path


def _top_level(bare: str) -> Iterator[tuple[int, str]]:
    """Lines, from 1, that begin outside every bracket."""
    depth = 0
    for number, line in enumerate(bare.split("\n"), start=1):
        if depth == 0:
            yield number, line
        depth += sum(1 if bracket[0] in "[{" else -1 for bracket in _BRACKET.finditer(line))


def _parts(dotted: str) -> Path:
    return tuple(part.strip() for part in dotted.split("."))


def _emptied(match: re.Match[str]) -> str:
    return "" if match[0].startswith("#") else '""' + "\n" * match[0].count("\n")
