"""How far the epoch under way is, seen from another thread: training itself only counts, if that."""

from __future__ import annotations

import operator
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar, final

from attrs import define, field, frozen

from flodl_monitor.scalars import as_count
from flodl_monitor.source import running_metrics_of

T = TypeVar("T")

PACE = 10.0
"""Seconds over which the rate is taken."""


@final
@frozen(kw_only=True)
class Glance:
    """The epoch under way at one moment.

    Args:
        epoch: Counted from 1.
        total: Epochs that the run is meant to have.
        done: Batches or steps of the epoch.
        expected: What `done` will be at its end; None while nobody can tell.
        seconds: Since the epoch began.
        rate: Of `done` per second, lately; None before there is one.
        left: Seconds until `expected`.
        eta: Seconds until the run's end.
        metrics: Means so far, and of what is not known yet the epoch before's.
    """

    epoch: int
    total: int
    done: int
    expected: int | None
    seconds: float
    rate: float | None
    left: float | None
    eta: float | None
    metrics: Mapping[str, float]


@define(eq=False)
class _Turn:
    """One turn of the loop over epochs. The training thread writes, others read."""

    epoch: int
    began: float
    source: Any
    behind: int | None
    expected: int | None
    rest: float | None
    counted: int = 0
    counts: bool = False
    pace: deque[tuple[float, int]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.pace = deque([(self.began, 0)])

    def done(self) -> int:
        """Batches where they are counted, else the source's steps."""
        if self.counts:
            return self.counted
        steps = _steps_of(self.source)
        return 0 if steps is None or self.behind is None else steps - self.behind

    def rate(self, now: float, done: int) -> float | None:
        """Of `done` per second, over the last seconds."""
        if done < self.pace[-1][1]:  # another loop over batches
            self.pace = deque([(now, done)])
        if done > self.pace[-1][1]:
            self.pace.append((now, done))
        while len(self.pace) > 2 and now - self.pace[1][0] > PACE:
            self.pace.popleft()
        (first, before), (last, after) = self.pace[0], self.pace[-1]
        return (after - before) / (last - first) if last > first else None


@final
@define(eq=False)
class Progress:
    """Where the run is within its epoch.

    Args:
        total: Epochs that the run is meant to have.
        running: The epoch's means so far; asked from another thread.
    """

    total: int
    running: Callable[[], Mapping[str, float]]
    _turn: _Turn | None = None
    _last: int | None = None
    _usual: int | None = None
    _before: Mapping[str, float] = field(factory=dict)

    def begin(self, epoch: int, source: object, rest: float | None) -> None:
        """An epoch begins.

        Args:
            epoch: Counted from 1.
            source: What counts `steps`, if it does.
            rest: Seconds that the epochs after it will take, where that is known.
        """
        self._turn = _Turn(epoch, time.monotonic(), source, _steps_of(source), self._usual, rest)

    def end(self) -> None:
        """It is over, or broken off."""
        turn, self._turn = self._turn, None
        self._last = None if turn is None or turn.counts else turn.done() or None

    def learn(self, metrics: Mapping[str, float]) -> None:
        """It was whole: the next one is taken to have as many steps; these were its metrics."""
        self._usual, self._last, self._before = self._last, None, metrics

    def over(self, loader: Iterable[T], total: int | None) -> Iterator[T]:
        """The loader's batches, counted.

        Raises:
            MonitorError: `total` is no count.
        """
        turn = self._turn or _Turn(0, 0.0, None, None, None, None)
        turn.counts, turn.counted = True, 0
        turn.expected = _length_of(loader) if total is None else as_count(total)
        for batch in loader:
            yield batch
            turn.counted += 1

    def moment(self) -> tuple[int, int] | None:
        """The epoch under way, and what is done of it."""
        turn = self._turn
        return None if turn is None else (turn.epoch, turn.done())

    def look(self, now: float) -> Glance | None:
        """The epoch at this moment; None between epochs. For one thread alone: it remembers the pace."""
        turn = self._turn
        if turn is None:
            return None
        done, seconds = turn.done(), now - turn.began
        expected = turn.expected if turn.expected is not None and turn.expected >= done else None
        rate = turn.rate(now, done)
        left = (expected - done) / rate if rate and expected is not None else None
        rest = turn.rest
        if rest is None and left is not None:
            rest = (seconds + left) * (self.total - turn.epoch)
        return Glance(
            epoch=turn.epoch,
            total=self.total,
            done=done,
            expected=expected,
            seconds=seconds,
            rate=rate,
            left=left,
            eta=None if left is None or rest is None else left + rest,
            metrics={**self._before, **running_metrics_of(turn.source), **self.running()},
        )


def _steps_of(source: Any) -> int | None:
    """The source's own count; None where it has none."""
    try:
        return operator.index(source.steps)
    except Exception:
        return None


def _length_of(loader: object) -> int | None:
    try:
        length = operator.length_hint(loader, -1)
    except Exception:  # a loader over a stream says so by whatever error it likes
        return None
    return None if length < 0 else length
