"""Plain values that modules hold: modes, probabilities, temperatures, masks. A recording has them frozen in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager
from itertools import count
from operator import is_
from typing import Any, Final, TypeAlias, final

from torch import Tensor, nn

Attribute: TypeAlias = "tuple[nn.Module, str]"
_PLAIN: Final = (bool, int, float, complex, str, bytes, type(None))
_ABSENT: Final = object()
_RESTLESS: Final = 4  # changes in a row, after which it is no wonder any more
_KEPT: Final = 64  # settings whose numbers are remembered
_FIXED: Final = frozenset({"_is_full_backward_hook", "eps", "affine", "elementwise_affine", "bias", "batch_first"})
"""What torch's layers are made with and nobody changes: each would be looked at before each replay."""


@final
class Settings:
    """Tells which settings some modules have, as a number: the same settings, the same number.

    Looked at before each replay, so identities are compared, and values only where one differs. What a
    step changes itself while it runs is no setting. Nor is a tensor that was put in another's place:
    whoever records has it copied in. Nor is a whole number that is another at each look: it counts.

    Args:
        modules: Whose plain attributes are read; those that appear later are not.
    """

    def __init__(self, modules: Iterable[nn.Module]) -> None:
        self._places = [(module, name) for module in modules for name in _settings_of(module)]
        self._numbers = count()
        self._known: dict[Any, int] = {}
        self._values = self._read()
        self._tables = [(module.__dict__, name) for module, name in self._places]
        self.number = self._numbered()
        """Of the settings at the last look."""
        self.restless: set[str] = set()
        """Names of what is set to another value before each call, so that no recording fits twice."""
        self._looks = 0
        self._streaks: dict[Attribute, tuple[int, int]] = {}

    def look(self) -> frozenset[Attribute]:
        """Look again.

        Returns:
            Attributes that hold another tensor than before, or one only now. They are no settings from now on.
        """
        self._looks += 1
        try:
            now = [table[name] for table, name in self._tables]
        except KeyError:  # one was deleted
            now = self._read()
        if all(map(is_, now, self._values)):
            return frozenset()
        changed = self._changed(now)
        found = frozenset(place for place, *values in changed if any(isinstance(v, Tensor) for v in values))
        self._leave_out(found | self._counters(row for row in changed if row[0] not in found))
        self._values = self._read()
        self.number = self._numbered()
        return found

    @contextmanager
    def own_work(self) -> Iterator[None]:
        """A block in which a step runs: what it changes is its work."""
        try:
            yield
        finally:
            now = self._read()
            self._leave_out(frozenset(place for place, _, _ in self._changed(now)))

    def _counters(self, changed: Iterable[tuple[Attribute, Any, Any]]) -> set[Attribute]:
        """Whole numbers among what changed that are others at each look; an evaluation may be in between."""
        counters = set()
        for place, old, new in changed:
            if old == new:
                continue
            last, streak = self._streaks.get(place, (self._looks - 1, 0))
            streak = streak + 1 if last >= self._looks - 2 else 1
            self._streaks[place] = self._looks, streak
            if streak >= _RESTLESS and type(new) is int:
                counters.add(place)
            elif streak >= _RESTLESS:
                self.restless.add(f"{place[1]!r} of {type(place[0]).__name__}")
        return counters

    def _read(self) -> list[Any]:
        return [module.__dict__.get(name, _ABSENT) for module, name in self._places]

    def _changed(self, now: list[Any]) -> list[tuple[Attribute, Any, Any]]:
        rows = zip(self._places, self._values, now, strict=True)
        return [row for row in rows if row[1] is not row[2]]

    def _leave_out(self, places: frozenset[Attribute]) -> None:
        """The number stays: fewer places, but the same settings."""
        if not places:
            return
        kept = [(place, value) for place, value in zip(self._places, self._values, strict=True) if place not in places]
        self._places, self._values = [place for place, _ in kept], [value for _, value in kept]
        self._tables = [(module.__dict__, name) for module, name in self._places]
        self._known = {self._key(): self.number}

    def _numbered(self) -> int:
        key = self._key()
        if key not in self._known:
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[key] = next(self._numbers)
        return self._known[key]

    def _key(self) -> Any:
        return tuple([(type(value), value if isinstance(value, _PLAIN) else id(value)) for value in self._values])


def _settings_of(module: nn.Module) -> Iterator[str]:
    """Names of attributes that decide what a forward does. Sizes of torch's own layers are in their weights."""
    of_torch = type(module).__module__.startswith("torch.")
    kinds = (bool, float) if of_torch else (*_PLAIN, Tensor)
    apart: Set[str] = _FIXED if of_torch else {"_is_full_backward_hook"}
    if callable(getattr(module, "run_state", None)):
        apart = {*apart, "epoch"}  # a count that such a module keeps for others
    for name, value in module.__dict__.items():
        if isinstance(value, kinds) and name not in apart:
            yield name
