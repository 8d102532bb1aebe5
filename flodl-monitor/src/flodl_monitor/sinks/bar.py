"""The last line of the terminal while an epoch is under way."""

from __future__ import annotations

import os
import threading
import time
import unicodedata
from collections.abc import Iterator
from typing import TextIO, final

from flodl_monitor.console import Footer, printable
from flodl_monitor.formats import format_metric, format_seconds
from flodl_monitor.progress import Glance, Progress

PERIOD = 0.2
"""Seconds between looks. Training knows nothing of them."""
SHORT = 0.5
"""Seconds that an epoch has to last before it gets a bar."""
WIDEST, NARROWEST = 30, 6
"""Columns of the bar itself."""


@final
class Bar:
    """Looks at the progress on a thread of its own, and draws it where there was any.

    So it stands still while a debugger or a question has the terminal.
    """

    def __init__(self, stream: TextIO, progress: Progress) -> None:
        self._stream, self._progress = stream, progress
        self._plain = not _can_say(stream, "━╸─")
        self._footer = Footer(stream, progress.moment)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="flodl-monitor bar", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Wipe it."""
        self._over.set()
        self._thread.join(1.0)

    def _run(self) -> None:
        try:
            while not self._over.wait(PERIOD):
                self._draw(self._progress.look(time.monotonic()))
            self._footer.clear()
        except (OSError, ValueError):  # the terminal is gone, and so is whoever looked at it
            pass

    def _draw(self, glance: Glance | None) -> None:
        if glance is None:
            self._footer.clear()
            return
        if glance.done and glance.seconds >= SHORT:
            text = bar_text(glance, _columns(self._stream) - 1, plain=self._plain)
            self._footer.show(text, (glance.epoch, glance.done))


def bar_text(glance: Glance, columns: int, *, plain: bool = False) -> str:
    """As much as fits, in this order of importance: the count, the bar, times, rate, metrics.

    >>> glance = Glance(
    ...     epoch=3, total=20, done=120, expected=300, seconds=2.5, rate=48, left=3.75, eta=110.0, metrics={"loss": 0.5}
    ... )
    >>> print(bar_text(glance, 110))
      epoch  3/20  ━━━━━────────  120/300  [2.5s of 6.2s  ETA 1m 50s]  48/s  loss=0.5000
    >>> print(bar_text(glance, 60))
      epoch  3/20  ━━╸────  120/300  [2.5s of 6.2s  ETA 1m 50s]
    >>> print(bar_text(glance, 30))
      epoch  3/20  ━━────  120/300
    """
    number = f"  epoch {glance.epoch:>{len(str(glance.total))}}/{glance.total}"
    count = f"{glance.done}/{'?' if glance.expected is None else glance.expected}"
    left = columns - len(number) - 2 - len(count)
    if left < 0:
        return f"{number}  {count}"[: max(0, columns)]
    bar = min(WIDEST, max(NARROWEST, columns // 8)) if glance.expected else 0
    drawn = [_bar(glance, bar, plain)] if 0 < bar <= left - 2 else []
    left -= 2 + bar if drawn else 0
    chosen: list[str] = []
    for words in (*_figures(glance), *_metrics(glance)):
        left -= 2 + _width(words)
        if left < 0:
            break
        chosen.append(words)
    return "  ".join([number, *drawn, count, *chosen])


def _figures(glance: Glance) -> Iterator[str]:
    whole = "" if glance.left is None else f" of {format_seconds(glance.seconds + glance.left)}"
    eta = "" if glance.eta is None else f"  ETA {format_seconds(glance.eta)}"
    yield f"[{format_seconds(glance.seconds)}{whole}{eta}]"
    if glance.rate:
        yield _rate(glance.rate)


def _metrics(glance: Glance) -> Iterator[str]:
    return (f"{printable(name)}={format_metric(value)}" for name, value in glance.metrics.items())


def _rate(rate: float) -> str:
    if rate < 0.1:
        return f"{format_seconds(1 / rate)} each"
    return f"{rate:.0f}/s" if rate >= 10 else f"{rate:.1f}/s"


def _bar(glance: Glance, width: int, plain: bool) -> str:
    """
    >>> glance = Glance(
    ...     epoch=1, total=1, done=1, expected=4, seconds=1.0, rate=None, left=None, eta=None, metrics={}
    ... )
    >>> _bar(glance, 10, plain=False), _bar(glance, 10, plain=True)
    ('━━╸───────', '##--------')
    """
    assert glance.expected
    halves = 2 * width * glance.done // glance.expected
    full, half, rest = ("#", "", "-") if plain else ("━", "╸", "─")
    filled = full * (halves // 2) + (half if halves % 2 else "")
    return filled + rest * (width - len(filled))


def _width(text: str) -> int:
    """Columns that it takes: two for a wide letter, none for an accent."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.combining(letter) > 0 for letter in text)


def _can_say(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True


def _columns(stream: TextIO) -> int:
    """Of the terminal as it is now; 80 where it does not say."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        return 80
