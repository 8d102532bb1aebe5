"""Where a run stands between its moments, so that what is saved at any of them goes on exactly.

Parts with `listeners` say when: a sampler `"begin"`, `"batch"` (the loop has done with one and asks for the next),
`"pass"` (all are given) and `"end"`; a step `"train"` and `"evaluate"`, before either; a monitor `"epoch"`, when an
epoch is closed and logged.

Two things need care. A batch that was handed out and not learned yet must not be lost: the run is not saved while one
is in hand. And what an epoch does after its batches (an evaluation) is done again by a run that was saved meanwhile:
its state is kept as it was when the batches ended, and the batches stay done.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, final

from attrs import evolve, frozen
from torch import Tensor, nn

from flodl_core.checkpoint.state.parts import RANDOM, Parts
from flodl_core.checkpoint.state.picture import PartPicture, Picture, picture_of, picture_of_random

_SMALL = 1 << 20  # bytes


@final
@frozen(eq=False)
class _Passed:
    """A sampler's batches are all given: its state of then, in the epoch of then."""

    epoch: int | None
    picture: PartPicture


@final
@frozen(eq=False)
class _Mark:
    """Everything but weights when an epoch's batches ended. Large tensors are not copied: nothing trains afterwards."""

    epoch: int | None
    parts: Mapping[str, PartPicture]
    versions: Mapping[tuple[str, str], int]

    def touched(self) -> str | None:
        """A part whose large tensors were changed since."""
        for (part, name), version in self.versions.items():
            if self.parts[part].tensors[name]._version != version:
                return part
        return None


@final
class Moments:
    """Follows the parts of a run.

    Args:
        pause: Called wherever the run can be saved and ended.
        epoch_done: Called with an epoch's metrics when it is closed.
    """

    def __init__(
        self, parts: Parts, pause: Callable[[], None], epoch_done: Callable[[Mapping[str, float]], None]
    ) -> None:
        self._parts, self._pause, self._epoch_done = parts, pause, epoch_done
        self._following: set[str] = set()
        self._asked: dict[str, object] = {}  # samplers asked for a batch since something was learned: where they stood
        self._passed: dict[str, _Passed] = {}
        self._mark: _Mark | None = None
        self.moved = True
        """Whether anything happened since this was last set to False."""
        self._listeners = {name: partial(self._told, name) for name, part in parts.items() if _tells(part)}
        self.listening = bool(self._listeners)
        for name, listener in self._listeners.items():
            parts[name].listeners.append(listener)

    def close(self) -> None:
        """Follow no longer."""
        for name, listener in self._listeners.items():
            if listener in self._parts[name].listeners:
                self._parts[name].listeners.remove(listener)

    def forget(self) -> None:
        """The parts were given another state."""
        self._asked, self._passed, self._mark = {}, {}, None

    @property
    def fetching(self) -> bool:
        """Whether a batch is on its way: all that came before it are learned."""
        return bool(self._asked) and all(place == self._position(name) for name, place in self._asked.items())

    @property
    def steps(self) -> int | None:
        """Optimizer steps done."""
        return next((p.steps for p in self._parts.values() if isinstance(getattr(p, "steps", None), int)), None)

    @property
    def epoch(self) -> int | None:
        """Epochs closed, by the step or the graph that closes them."""
        closing = (part for part in self._parts.values() if callable(getattr(part, "end_epoch", None)))
        return next((part.epoch for part in closing if isinstance(getattr(part, "epoch", None), int)), None)

    def picture(self) -> Picture:
        """The run, such that a resumed one does the same from here.

        Raises:
            CheckpointError: A part holds what no file can.
        """
        mark = self._valid_mark()
        parts = {name: self._picture_of(name, mark) for name in self._parts}
        random = picture_of_random() if mark is None else mark.parts[RANDOM]
        return Picture({**parts, RANDOM: random}, self.steps, self.epoch)

    def _picture_of(self, name: str, mark: _Mark | None) -> PartPicture:
        if mark is not None and name in mark.parts:
            return mark.parts[name]
        passed = self._passed.get(name)
        if passed is not None and passed.epoch is not None and passed.epoch == self.epoch:
            return passed.picture
        return self._now(name)

    def _now(self, name: str) -> PartPicture:
        part = self._parts[name]
        trained = any(getattr(other, "model", None) is part for other in self._parts.values())
        return picture_of(name, part, run=not trained)

    def _told(self, name: str, moment: str, metrics: Mapping[str, float]) -> None:
        self.moved = True
        if moment == "begin":
            self._following.add(name)
            self._ask(name)
        elif moment == "train":
            self._mark = None
            self._asked.clear()
            if not self._following:
                self._pause()
        elif moment == "batch":
            self._mark = None
            if not self._asked.keys() - {name}:
                self._pause()
            self._ask(name)
        elif moment == "pass":
            self._end_pass(name)
        elif moment == "end":
            self._following.discard(name)
        elif moment == "evaluate" and not self._asked:
            self._pause()
        elif moment == "epoch":
            self._epoch_done(metrics)

    def _ask(self, name: str) -> None:
        self._asked[name] = self._position(name)

    def _position(self, name: str) -> object:
        return getattr(self._parts[name], "position", None)

    def _end_pass(self, name: str) -> None:
        self._asked.pop(name, None)
        self._passed[name] = _Passed(self.epoch, self._now(name))
        if self.epoch is not None and not self._asked:
            self._mark = self._take_mark()

    def _take_mark(self) -> _Mark:
        pictures = {n: self._picture_of(n, None) for n, part in self._parts.items() if not isinstance(part, nn.Module)}
        pictures[RANDOM] = picture_of_random()
        parts = {name: evolve(one, tensors=_kept(one.tensors)) for name, one in pictures.items()}
        large = {
            (name, key): tensor._version
            for name, one in parts.items()
            for key, tensor in one.tensors.items()
            if tensor.nbytes > _SMALL and not tensor.is_inference()
        }
        return _Mark(self.epoch, parts, large)

    def _valid_mark(self) -> _Mark | None:
        mark = self._mark
        if mark is None or mark.epoch != self.epoch:
            return None
        if changed := mark.touched():
            warnings.warn(
                f"part {changed!r} was changed after the batches of this epoch ended: a resumed run does that again",
                UserWarning,
                stacklevel=5,
            )
            return None
        return mark


def _tells(part: Any) -> bool:
    return isinstance(getattr(part, "listeners", None), list)


def _kept(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Small ones as they are now; large ones themselves."""
    return {name: t.detach().clone() if t.nbytes <= _SMALL else t for name, t in tensors.items()}
