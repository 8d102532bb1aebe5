"""What the monitor asks of others: of sinks and probes, and of whatever is being trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from flodl_monitor.about import About
    from flodl_monitor.history import History
    from flodl_monitor.progress import Progress
    from flodl_monitor.record import EpochRecord, Mark


@runtime_checkable
class Sink(Protocol):
    """Where records go. Called from a thread of its own; may be slow, may raise: training goes on."""

    def emit(self, record: EpochRecord) -> None:
        """Take one finished epoch."""

    def close(self) -> None:
        """No further record will come; called once."""


@runtime_checkable
class LateSink(Sink, Protocol):
    """A sink that shows the whole run, and so wants to know what was before it came."""

    def begin(self, past: History) -> None:
        """Take over what was logged so far; called before the first record, if there is any past, and again
        when epochs are run again: `past` ends before the next record.
        """


@runtime_checkable
class CuriousSink(Sink, Protocol):
    """A sink that shows what is trained, and not only how it fares."""

    def describe(self, about: About) -> None:
        """Take what the run is of; called before the first record, and again when a part is frozen or thawed."""


@runtime_checkable
class MarkedSink(Sink, Protocol):
    """A sink that shows what was done beside the metrics, also when it is said late."""

    def mark(self, mark: Mark) -> None:
        """Take a word on an epoch that was emitted before."""


@runtime_checkable
class LiveSink(Sink, Protocol):
    """A sink that shows the epoch under way."""

    def follow(self, progress: Progress) -> None:
        """Take what can be looked at from now on, from any one thread; called before the first record."""


@runtime_checkable
class Probe(Protocol):
    """A meter of the machine, read about once a second, off the training thread."""

    def sample(self) -> Mapping[str, float]:
        """The readings by name; what cannot be read is left out."""

    def close(self) -> None:
        """No further sample will be asked for."""
