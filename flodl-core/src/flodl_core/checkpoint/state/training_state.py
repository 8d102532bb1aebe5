"""`TrainingState`: a run that can be killed at any moment, and goes on where it was saved last."""

from __future__ import annotations

import os
import sys
import warnings
import weakref
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import final

from flodl_core.checkpoint.background import BackgroundSaver
from flodl_core.checkpoint.place import at
from flodl_core.checkpoint.state.moments import Moments
from flodl_core.checkpoint.state.parts import Part, parts_of_run, tell_saved
from flodl_core.checkpoint.state.picture import Picture
from flodl_core.checkpoint.state.ranking import Best
from flodl_core.checkpoint.state.restore import restore
from flodl_core.checkpoint.state.signals import Preempted, StopSignals
from flodl_core.checkpoint.state.store import BEST, FEWEST, LATEST, Store
from flodl_core.errors import CheckpointError

_OPTIONS = ("keep_last", "keep_best", "goal", "every", "background")


@final
class TrainingState:
    """All that a run needs to go on, in a folder of states that are there whole or not at all.

        with TrainingState("runs/digits", step=step, sampler=sampler, monitor=monitor):
            for epoch in monitor.epochs(step):
                for x, y in sampler.follow(loader):
                    model.record({"loss": step(x, y)})

    The block begins where the newest good state of the folder ends, saves after every epoch, and on SIGTERM or
    SIGUSR1 stops at the next batch, saves once, and ends the program with exit code 75. The same program, started
    again, goes on: same machine, same bits. Without the block, `resume()` and `save()` do it by hand.

    A model that a part trains (its `model`) is saved with it. The generators of torch, every CUDA device, numpy and
    Python are always saved.

    Args:
        folder: Of this run alone. Created when needed.
        parts: By name, whatever has `state_dict` and `load_state_dict`: a `TrainStep`, a `Sampler`, a `Monitor`, an
            `EMA`, a module, a torch optimizer, an object of yours. One with `checkpoint_saved(what, epoch)` is told
            when a state is on the disk, in words, and at the end of which epoch; None: within one.
        keep_last: The newest states that are kept, 2 at least.
        keep_best: A metric; the state of the epoch where it was best is kept besides.
        goal: Of that metric, `"min"` or `"max"`.
        every: In the block, save within epochs too, after so many optimizer steps.
        background: Copy when saving, and write in another thread.

    Raises:
        CheckpointError: A part that is none, or a number out of range.

    >>> import tempfile
    >>> from torch import nn
    >>> net, folder = nn.Linear(2, 1), tempfile.mkdtemp()
    >>> state = TrainingState(folder, net=net)
    >>> state.save()
    >>> _ = nn.init.zeros_(net.bias)
    >>> state.resume(), bool(net.bias.any())
    (True, True)
    >>> state.close()
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        keep_last: int = 3,
        keep_best: str | None = None,
        goal: str = "min",
        every: int | None = None,
        background: bool = False,
        **parts: Part,
    ) -> None:
        if keep_last < FEWEST:
            raise CheckpointError(f"keep_last is {FEWEST} at least, got {keep_last!r}")
        if every is not None and every < 1:
            raise CheckpointError(f"every is a number of optimizer steps, 1 at least, got {every!r}")
        with at(folder, "write") as place:
            self._place = str(place)
        judged = None if keep_best is None else Best(keep_best, goal)
        self._store = Store(place.absolute(), keep_last, judged, weakref.WeakMethod(self._give_up))
        self._every, self._saved_at = every, 0
        self._parts = parts_of_run(parts, _OPTIONS)
        self._moments = Moments(self._parts, self._pause, self._epoch_done)
        self._saver = BackgroundSaver(waiting=1) if background else None
        self._signals = StopSignals()
        self._mine = False  # it goes on with what the folder holds, or began there
        self._running = False  # in its block
        self._closed = False
        self._replaced = False  # closed by another one of this program, which saves in the folder
        self._told = False  # that an epoch has not recorded what `keep_best` asks for

    @property
    def folder(self) -> Path:
        """Where the states are."""
        return self._store.folder

    @property
    def latest(self) -> Path | None:
        """The folder of the newest state; None before the first."""
        return self._pointed(LATEST)

    @property
    def best(self) -> Path | None:
        """The folder of the best state so far by `keep_best`."""
        return self._pointed(BEST)

    @property
    def preempted(self) -> bool:
        """Whether a signal asked the run to stop."""
        return self._signals.wanted is not None

    def save(self, metrics: Mapping[str, float] | None = None) -> None:
        """Save the run as it is now. When this returns it is on the disk; in the background: when `result()` does.

        One state writes in a folder. An earlier one of this program is closed, unless it is in its block; another
        process has it until it ends.

        Args:
            metrics: What the state is judged by, for `keep_best`.

        Raises:
            CheckpointError: It cannot be written; the older states are as they were. Or the folder holds states of a
                run that this one does not go on with.
        """
        if metrics:
            self._check_best(metrics, stacklevel=3)
        self._save(metrics or {})

    def resume(self) -> bool:
        """Give every part the newest good state of the folder; False when there is none yet.

        What is wrong with a newer one, if anything, is said in a warning.

        Raises:
            CheckpointError: No state is good, or the good one does not fit the parts, which are then as they were.
        """
        self._check_open()
        self.result()
        with at(self._place, "read"):
            self._store.open_to_read()
            found, bad = self._store.newest()
            said = "; ".join(f"{one.folder.name}: {one.reason}" for one in bad)
            if found is None and bad:
                raise CheckpointError(f"no state in it can be used: {said}", mend="restore one from a copy")
        self._mine = True
        if found is None:
            return False
        if bad:
            warnings.warn(f"{self._place} goes on from {found[0].name}: {said}", UserWarning, stacklevel=2)
        with at(found[0], "read"):
            restore(self._parts, found[1])
        self._moments.forget()
        self._moments.moved = not self._moments.listening
        self._saved_at = self._moments.steps or 0
        return True

    def result(self) -> None:
        """Wait until everything is on the disk.

        Raises:
            CheckpointError: What could not be written in the background.
        """
        if self._saver is not None:
            self._saver.result()

    def check(self) -> None:
        """Stop here if a signal asked for it: for long loops of your own, in which no part learns or evaluates.

        Raises:
            Preempted: It did. Leaving the block saves the run.
        """
        self._signals.check()

    def close(self) -> None:
        """Wait as `result` does, and let others use the folder and the parts."""
        if not self._closed:
            self._closed = True
            self._moments.close()
            try:
                if self._saver is not None:
                    self._saver.close()
            finally:
                self._store.close()

    def __enter__(self) -> TrainingState:
        self._check_open()
        with at(self._place, "write"):
            self._store.open()
        if not self._mine:
            self.resume()
        self._running = True
        self._signals.take()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running = False
        wanted = self._signals.wanted
        # The same signal killed the loader's workers: torch says RuntimeError, their pipes say what pipes say.
        killed = isinstance(error, (RuntimeError, OSError, EOFError)) and self._moments.fetching
        stops = wanted is not None and (error is None or killed or isinstance(error, Preempted))
        try:
            if stops:
                self._stop()
            elif wanted is not None:
                warnings.warn(f"{wanted} came, and the run failed before it was saved", RuntimeWarning, stacklevel=2)
        finally:
            self._signals.give_back()
            self.close()
        if stops and not isinstance(error, Preempted):
            self._signals.check()

    def _save(self, metrics: Mapping[str, float], ended: int | None = None) -> None:
        """Save; `ended` is the epoch that is just over, None within one."""
        self._check_open()
        self._check_mine()
        picture = self._moments.picture()
        if self._saver is None:
            self._write(picture, metrics, ended)
        else:
            self._saver.run(lambda: partial(self._write, picture.copied(), dict(metrics), ended))
        self._moments.moved = False
        self._saved_at = self._moments.steps or 0

    def _stop(self) -> None:
        """Save, unless that was done at this very moment, and say so."""
        try:
            self.result()
        except CheckpointError as failure:
            warnings.warn(f"a state was not written: {failure}", RuntimeWarning, stacklevel=3)
            self._moments.moved = True
        if self._moments.moved:
            self.save()
            self.result()
        print(f"{self._signals.wanted}: the run is saved in {self._place}, and stops", file=sys.stderr)

    def _pause(self) -> None:
        if self._running:
            self._signals.check()
            if self._every is not None and (self._moments.steps or 0) - self._saved_at >= self._every:
                self.save()

    def _epoch_done(self, metrics: Mapping[str, float]) -> None:
        if self._running:
            self._check_best(metrics, stacklevel=5)
            self._save(metrics, self._moments.epoch)
            self._signals.check()

    def _check_best(self, metrics: Mapping[str, float], stacklevel: int) -> None:
        best = self._store.best
        missed = None if best is None or self._told else best.missed(metrics)
        if missed is not None:
            self._told = True
            warnings.warn(missed, UserWarning, stacklevel=stacklevel)

    def _give_up(self) -> None:
        """Another state of this program goes on in the folder, as when a notebook's cell is run again."""
        if not self._running:
            self._replaced = not self._closed
            self.close()

    def _check_open(self) -> None:
        if self._closed:
            why = ": another one of this program saves in its folder" if self._replaced else ""
            mend = "give each run a folder of its own" if why else "make another one"
            raise CheckpointError(f"the training state is closed{why}", where=self._place, mend=mend)

    def _check_mine(self) -> None:
        """A run that starts anew in the folder of another would remove the other's states one by one."""
        if self._mine:
            return
        if self._store.states():
            raise CheckpointError(
                "the folder holds the states of an earlier run",
                where=self._place,
                mend="resume() goes on with it; a new run takes a folder of its own",
            )
        self._mine = True

    def _write(self, picture: Picture, metrics: Mapping[str, float], ended: int | None) -> None:
        with at(self._place, "write"):
            written = self._store.write(picture, metrics)
        best = self._store.best
        praise = f", best {best.metric}" if best is not None and self.best == written.resolve() else ""
        tell_saved(self._parts, f"{os.path.join(self._place, written.name)}{praise}", ended)

    def _pointed(self, pointer: str) -> Path | None:
        link = self._store.folder / pointer
        return link.resolve() if link.exists() else None
