"""`Remarks`: what is said and done beside the metrics, gathered until the epoch it belongs to is over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, final

from flodl_core.errors import MonitorError
from flodl_core.rules import Firing

from flodl_monitor.about import About
from flodl_monitor.notices import describe
from flodl_monitor.record import Mark
from flodl_monitor.scalars import as_count
from flodl_monitor.watched import Rate, Watched

LETTERS = 200
"""Letters that a mark may have."""


@final
class Remarks:
    """Words on the curves: those said by hand, and parts and rates that changed of themselves.

    Args:
        put: Takes what is to be shown at once: a word on an epoch that is over, and what the run is of.
        say: Told a subject, and what of it cannot be shown.
    """

    def __init__(self, put: Callable[[Mark | About], None], say: Callable[[str, str], None]) -> None:
        self._put, self._say = put, say
        self._words: list[str] = []
        self._watched: Watched | None = None
        self._rate = Rate()

    def watch(self, source: object, settings: Mapping[str, Any], profile: object) -> None:
        """See to it that what becomes of this model is told."""
        self._watched = Watched(source, settings, profile)
        self._describe(self._watched)

    def add(self, text: object, epoch: object, done: int) -> None:
        """A word on an epoch that is over, counted from 1; of any other, or None, on the one under way.

        Args:
            done: Epochs that are over.

        Raises:
            MonitorError: There is no such epoch.
        """
        said = str(text)[:LETTERS]
        place = None if epoch is None else as_count(epoch)
        if place == 0:
            raise MonitorError("a mark's epoch is counted from 1, got 0")
        if place is None or place > done:
            self._words.append(said)
        else:
            self._put(Mark(place, said))

    def look_at_rate(self, source: object, fired: tuple[Firing, ...]) -> None:
        """Note a learning rate that fell; not where a rule did it, which has said so already."""
        dropped = self._rate.changes(source)
        self._words += () if fired else dropped

    def of_epoch(self, fired: tuple[Firing, ...]) -> tuple[str, ...]:
        """All that belongs to the epoch that ends now."""
        words, self._words = self._words, []
        turned = self._watched.changes() if self._watched else []
        if self._watched and turned:
            self._describe(self._watched)
        return tuple(words) + (() if fired else tuple(turned))

    def leave(self, done: int) -> None:
        """No further epoch will come: the last one takes the rest."""
        for text in self._words if done else ():
            self._put(Mark(done, text))
        self._words = []

    def _describe(self, watched: Watched) -> None:
        try:
            about = watched.about()
        except Exception as error:
            self._say("drawing", f"the model is not drawn ({describe(error)})")
            about = watched.plain()
        self._put(about)
