"""`Monitor`: what a training loop holds. Everything slow happens elsewhere."""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, final

from flodl_core.errors import CheckpointError, MonitorError, TrainingError
from flodl_core.reference import Reference
from flodl_core.rules import Firing

from flodl_monitor.eta import Eta
from flodl_monitor.history import History
from flodl_monitor.line_file import checked_path, write_file
from flodl_monitor.lineup import lane_of, line_up, wind_up
from flodl_monitor.meter import Meter
from flodl_monitor.notices import Notices, describe
from flodl_monitor.outbox import Outbox
from flodl_monitor.progress import Progress
from flodl_monitor.record import EpochRecord
from flodl_monitor.remarks import Remarks
from flodl_monitor.scalars import as_count, as_number, as_seconds
from flodl_monitor.sinks.dashboard import Dashboard
from flodl_monitor.source import close_epoch, finished_epochs, fired_by, is_stopped, numbers_of
from flodl_monitor.table import cells_of, columns_of, line_of, row_line
from flodl_monitor.voice import Voice
from flodl_monitor.web.page import page_of

if TYPE_CHECKING:
    from typing_extensions import Self

PATIENCE = 5.0
"""Seconds that `finish` waits for slow sinks."""

T = TypeVar("T")


@final
class Monitor:
    """Watches a training run: one call per epoch, any number of views.

    The training thread only appends to queues. Nothing that a sink, a probe or a metric does can
    raise into training or slow it; what goes wrong is said once, on stderr, and the rest goes on.

    Args:
        total_epochs: Epochs that the run is meant to have.
        sinks: Views by name (`flodl list sinks`), reference or object.
        probes: Meters of the machine, likewise; None: CPU, RAM and GPUs.

    Raises:
        UnknownComponent: No sink or probe has that name.
        MonitorError, ComponentError: Something that is no sink, or arguments it cannot take.

    >>> with Monitor(2, sinks=[], probes=[]) as monitor:
    ...     for epoch in monitor.epochs():
    ...         monitor.record("loss", 1 / (epoch + 1))
    >>> [dict(record.metrics) for record in monitor.history()]
    [{'loss': 1.0}, {'loss': 0.5}]
    """

    def __init__(self, total_epochs: int, sinks: Reference = ("terminal",), probes: Reference | None = None) -> None:
        self.total_epochs = _checked_total(total_epochs)
        self._meter, self._eta = Meter(), Eta()
        self._progress = Progress(self.total_epochs, self._meter.peek)
        self._done = 0
        self._reopened = False
        self._latest: Mapping[str, float] = {}
        self.listeners: list[Callable[[str, Mapping[str, float]], None]] = []
        """Told `"epoch"` and its metrics when an epoch of `epochs()` is closed and logged."""
        self._loop = 0
        self._notices = Notices()
        self._voice = Voice(self._notices)
        lanes, self._sampler = line_up(sinks, probes, self._notices)
        self._outbox = Outbox(lanes, self._notices)
        self._outbox.put(self._progress)
        self._remarks = Remarks(self._outbox.put, self._voice.say)
        # a program that forgets finish() keeps its last records all the same
        self._end = weakref.finalize(self, wind_up, self._voice.pid, self._outbox, self._sampler, self._notices, 2.0)

    def record(self, name: str, value: object, weight: float = 1.0) -> None:
        """Count a value into this epoch's mean of `name`: for models that keep no metrics themselves.

        Args:
            value: A number or a tensor of one element, which stays on its device until the epoch ends.
            weight: What it stands for, the number of samples say.
        """
        try:
            self._meter.add(name, value, weight)
        except Exception as error:
            self._voice.say(f"metric {name}", f"metric {name!r} is left out ({describe(error)})")

    def watch(self, source: object, /, profile: object = None, **settings: object) -> None:
        """Show what is trained beside its curves: its drawing, its parts, what the run was started with.

        A part that is frozen or thawed later, by a rule or by hand, becomes a mark on the curves. Never raises.

        Args:
            source: A graph, a training step, or any module; one with a method `svg()` is drawn.
            profile: What `graph.profile(...)` found: the drawing then shows where the time goes.
            settings: Hyper-parameters, or whatever else is worth knowing: `watch(step, lr=0.01, data="digits")`.
        """
        try:
            self._remarks.watch(source, settings, profile)
        except Exception as error:
            self._voice.say("watch", f"the model cannot be shown ({describe(error)})")

    def mark(self, text: str, epoch: int | None = None) -> None:
        """Put a word on the curves: `monitor.mark("began to augment")`. Never raises.

        Args:
            epoch: Of which it is said, counted from 1, where that one is over; left out: the one under way.
        """
        try:
            self._remarks.add(text, epoch, self._done)
        except Exception as error:
            self._voice.say("mark", f"a mark is left out ({describe(error)})")

    def checkpoint_saved(self, what: str, epoch: int | None = None) -> None:
        """Mark a saved state on the curves: a `TrainingState` that has this monitor among its parts calls it."""
        self.mark(f"saved {what}", epoch)

    def log(self, epoch: int, seconds: float, metrics: object = None, fired: Iterable[Firing] = ()) -> None:
        """Hand one finished epoch to the views. Never raises, never waits for them.

        Args:
            epoch: Counted from 0.
            seconds: What it took.
            metrics: A mapping of names to numbers, a graph or step (its latest metrics), or a pair of such
                a one and a mapping; what was given to `record` joins it.
            fired: What rules did at the end of the epoch; of a step given as `metrics` it is known.
        """
        try:
            self._log(epoch, seconds, metrics, tuple(fired) or fired_by(metrics))
        except Exception as error:
            self._voice.say("log", f"an epoch could not be logged ({describe(error)})")

    def epochs(self, source: object = None) -> Iterator[int]:
        """The epochs still to train, counted from 0: times each, ends it, logs it.

        Begins at `source.epoch`, or where the last logged epoch ended; after each turn of the loop calls
        `source.end_epoch()`, with what `record` was given if it takes `metrics`, and logs what it returns;
        ends after `total_epochs`, or when `source.stopped`. An epoch whose body breaks off or raises is not
        logged. The time counts the body and `end_epoch()`, which waits for what a GPU still has to do.

        Args:
            source: A training step, a graph, any object with some of these attributes; None counts alone.

        Raises:
            TrainingError: The monitor is finished, or another `epochs()` took over in the meantime.
        """
        if self._voice.finished:
            raise TrainingError("this monitor is finished", mend="make a new Monitor for a new run")
        behind = finished_epochs(source)
        first = self._done if behind is None else behind
        if first >= self.total_epochs:
            self._voice.say("epochs", f"nothing to train: {first} of {self.total_epochs} epochs are done")
        elif is_stopped(source):
            self._voice.say("epochs", f"nothing to train: it was stopped after {first} of {self.total_epochs} epochs")
        if not self._reopened and (left := self._meter.close()) and not self._loop:  # later: of an epoch broken off
            self._voice.say("before", f"{', '.join(left)}: recorded before epochs(), of no epoch, and left out")
        self._loop += 1
        self._reopened = False
        return self._turns(source, first, self._loop)

    def batches(self, loader: Iterable[T], total: int | None = None) -> Iterator[T]:
        """The batches of a loader, counted for the bar in the terminal: `for x, y in monitor.batches(loader)`.

        A training step counts by itself, and is asked without this; how many steps there are to come is
        then known from the second epoch on.

        Args:
            loader: Anything to iterate over.
            total: How many there are; its length if not given, where it has one.
        """
        return self._progress.over(loader, total)

    def history(self) -> tuple[EpochRecord, ...]:
        """Every epoch logged so far, those of a resumed run's past included."""
        with self._outbox.settled() as history:
            return tuple(history.records(self.total_epochs))

    def export_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write the history as a table with the union of all columns; the path written.

        Raises:
            MonitorError: The path cannot be written.
        """
        real = checked_path(path)
        rows = [cells_of(record) for record in self.history()]
        columns = columns_of(rows)
        return write_file(real, [line_of(columns), *(row_line(row, columns) for row in rows)])

    def save_html(self, path: str | os.PathLike[str], title: str | None = None) -> Path:
        """Write the history as one page that opens from disk, without network; the path written.

        Args:
            title: The page's heading; the file's name if not given.

        Raises:
            MonitorError: The path cannot be written.
        """
        real = checked_path(path)
        heading = real.stem if title is None else title
        with self._outbox.settled() as history:
            page = page_of(history, title=heading, total=self.total_epochs, finished=self._voice.finished)
        return write_file(real, [page])

    def serve(self, port: int | None = None, host: str = "127.0.0.1", token: str | None = None) -> str:
        """Show the run in the browser from now on, with all that was; the page's address.

        The sink `dashboard` does the same from the start.

        Args:
            port: Where to listen; 0: any free port; None: 3000, or any free one.
            host: An address of this machine. Any but its own loopback can be reached by others, and needs a token.
            token: What a reader must know.

        Raises:
            MonitorError: The address cannot be had, would be open to everyone, or the monitor is finished.
            MissingDistribution: The server's libraries are not installed.
        """
        if why := self._voice.off_duty:
            raise MonitorError(f"a monitor serves nothing {why}", mend="save_html(path) keeps its page")
        dashboard = Dashboard(port, host, token)
        with self._outbox.settled() as history:
            dashboard.begin(history.copy(), self.total_epochs)
            self._outbox.lanes.append(lane_of("flodl-monitor/dashboard", dashboard, self._notices))
        return dashboard.url

    def finish(self, timeout: float = PATIENCE) -> None:
        """Let the views write what they have, and close them. Calling it again does nothing.

        Args:
            timeout: Seconds to wait for slow sinks. What is left then is said, and given up.

        Raises:
            MonitorError: `timeout` is no such number.
        """
        _check_seconds(timeout)
        if not self._voice.off_duty:
            self._remarks.leave(self._done)
        self._voice.finished = True
        if self._end.detach() is not None:
            wind_up(self._voice.pid, self._outbox, self._sampler, self._notices, timeout)

    def state_dict(self) -> dict[str, Any]:
        """Where the run is, its curves, the open means: plain data, and tensors where `record` was given tensors."""
        with self._outbox.settled() as history:
            return {
                "epoch": self._done,
                "recent": self._eta.recent,
                "history": history.state_dict(),
                "open": self._meter.state_dict(),
            }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken: the numbering, the ETA and the curves.

        Raises:
            CheckpointError: It is no monitor's state; nothing has changed then.
        """
        history, meter = History(), Meter()
        try:
            done, eta = as_count(state["epoch"]), Eta(map(as_number, state["recent"]))
            history.load_state_dict(state["history"])
            meter.load_state_dict(state.get("open", {}))
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise CheckpointError(f"this is no monitor's state ({describe(error)})") from None
        self._outbox.begin(history)
        self._done, self._eta, self._meter = done, eta, meter
        self._progress.running = meter.peek
        self._reopened = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def __reduce__(self) -> str:
        raise MonitorError("a monitor stays in its process, and alone", mend="monitor.state_dict() travels")

    def __repr__(self) -> str:
        views = ", ".join(lane.name for lane in self._outbox.lanes)
        return f"<Monitor at epoch {self._done}/{self.total_epochs}, sinks: {views or 'none'}>"

    def _turns(self, source: object, epoch: int, loop: int) -> Iterator[int]:
        while epoch < self.total_epochs and not is_stopped(source):
            began = time.monotonic()
            self._progress.begin(epoch + 1, source, self._eta.left(self.total_epochs - epoch - 1))
            try:
                yield epoch
            finally:
                self._progress.end()
            if self._loop != loop:
                raise TrainingError(
                    "two loops over epochs() of one monitor are running at once", mend="give each run its own Monitor"
                )
            metrics = close_epoch(source, self._recorded())
            self._latest = {}
            fired = fired_by(source)
            self._remarks.look_at_rate(source, fired)
            self.log(epoch, time.monotonic() - began, metrics, fired)
            epoch += 1
            self._progress.learn(self._latest)
            for listener in self.listeners:
                listener("epoch", self._latest)

    def _recorded(self) -> dict[str, float]:
        """The means of the epoch so far; what is none is told when they are logged."""
        try:
            return self._meter.means()
        except Exception:
            return {}

    def _log(self, epoch: int, seconds: float, metrics: object, fired: tuple[Firing, ...]) -> None:
        if why := self._voice.off_duty:
            self._voice.say("late", f"log() {why} does nothing")
            return
        done = as_count(epoch) + 1
        duration = round(as_seconds(seconds), 6)  # as the event log has it: every view shows the same
        if done <= self._done:
            self._voice.say("again", f"epoch {done} again: it replaces what was logged of it and of later epochs")
        if done > self.total_epochs:
            self._voice.say("more", f"epoch {done} of {self.total_epochs} is logged: log() counts them from 0")
        numbers = numbers_of(metrics, self._voice.say)
        numbers.update((name, value) for name, value in self._meter.close().items() if name not in numbers)
        self._eta.add(duration)
        record = EpochRecord(
            epoch=done,
            total=self.total_epochs,
            seconds=duration,
            eta=self._eta.left(self.total_epochs - done),
            metrics=numbers,
            resources=self._sampler.latest,
            fired=fired,
            marks=self._remarks.of_epoch(fired),
        )
        self._done, self._latest = done, record.metrics
        self._outbox.put(record)


def _check_seconds(timeout: object) -> None:
    if not (isinstance(timeout, float | int) and timeout >= 0):
        raise MonitorError(f"finish() waits a number of seconds, got {timeout!r}", mend="monitor.finish(30.0)")


def _checked_total(total_epochs: int) -> int:
    try:
        return as_count(total_epochs)
    except MonitorError as error:
        raise MonitorError(f"total_epochs: {error.what}", mend="Monitor(100)") from None
