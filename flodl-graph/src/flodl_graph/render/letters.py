"""How wide a text will be, estimated without a font: the wider of Arial and DejaVu Sans, character by character."""

from __future__ import annotations

import unicodedata

# fmt: off
_WIDTHS = (  # of the characters from space to tilde, in thousandths of the font's size
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337,
    636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 556,
    1015, 684, 686, 722, 770, 667, 611, 778, 752, 295, 500, 667, 557, 863, 748, 787,
    667, 787, 722, 667, 611, 732, 684, 989, 685, 667, 685, 390, 337, 390, 838, 556,
    500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,
    635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
)
# fmt: on
_BOLD = 1.12  # how much wider than regular letters
_OTHER, _WIDE = 800, 1200  # letters beyond ASCII; those of East Asia, and pictures


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of one line, in pixels, a little more than it will be.

    >>> round(text_width("linear_1", 12.0), 1)
    48.3
    """
    thousandths = sum(_width(letter) for letter in text)
    return thousandths * size / 1000 * (_BOLD if bold else 1.0)


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters, its end cut off where it is longer.

    >>> shortened("Linear(in_features=2)", 10)
    'Linear(in…'
    """
    return text if len(text) <= most else text[: most - 1] + "…"


def _width(letter: str) -> int:
    code = ord(letter) - 32
    if 0 <= code < len(_WIDTHS):
        return _WIDTHS[code]
    return _WIDE if unicodedata.east_asian_width(letter) in "WF" or ord(letter) > 0xFFFF else _OTHER
