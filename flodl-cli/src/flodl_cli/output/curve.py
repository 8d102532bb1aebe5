"""A curve in a terminal: a few lines of text."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))  # Unicode's braille: two columns of four dots
_EMPTY = 0x2800
BRAILLE = chr(_EMPTY)
"""A letter of those that curves are drawn with: ask whether the terminal knows it."""


def draw_curve(values: Sequence[float], *, width: int = 60, height: int = 8, plain: bool = False) -> list[str]:
    r"""Values over their index, from 0 at the bottom to the largest at the top.

    Args:
        values: At least two.
        width: Characters of the curve; a column of axis labels comes before it.
        height: Lines of the curve; one of labels comes after it.
        plain: ASCII alone.

    >>> print("\n".join(draw_curve([0, 1, 2, 3], width=4, height=2, plain=True)))
       3 |  ##
       0 |###
         +----
          0  3
    """
    top = max((value for value in values if isfinite(value)), default=0.0) or 1.0
    cells = [[_EMPTY] * width for _ in range(height)]
    below: int | None = None
    for column in range(2 * width):
        value = values[round(column * (len(values) - 1) / (2 * width - 1))]
        if not isfinite(value):
            continue
        level = round(min(max(value / top, 0.0), 1.0) * (4 * height - 1))
        for row in _rows(below, level):
            cells[height - 1 - row // 4][column // 2] |= _DOTS[column % 2][3 - row % 4]
        below = level
    labels = [f"{top:.3g}", *[""] * (height - 2), "0"]
    lines = [f"{label:>7} |{_text(row, plain)}" for label, row in zip(labels, cells, strict=True)]
    return [line.rstrip().removeprefix("   ") for line in [*lines, f"{'':>7} +{'-' * width}", _steps(values, width)]]


def _rows(before: int | None, level: int) -> range:
    """From the last level to this one: a jump is a line, not a gap."""
    if before is None or abs(before - level) <= 1:
        return range(level, level + 1)
    return range(min(before, level), max(before, level) + 1)


def _text(row: Sequence[int], plain: bool) -> str:
    return "".join(" " if cell == _EMPTY else "#" if plain else chr(cell) for cell in row)


def _steps(values: Sequence[float], width: int) -> str:
    last = str(len(values) - 1)
    return f"{'':>9}0{last:>{width - 1}}"
