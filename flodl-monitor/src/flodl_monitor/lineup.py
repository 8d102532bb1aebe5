"""From references to running parts, and to their end: sinks on their lanes, probes on their sampler."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeAlias

from flodl_core.errors import FlodlError, MonitorError
from flodl_core.reference import Ref, Reference, as_reference
from flodl_core.registry import components

from flodl_monitor.about import About
from flodl_monitor.history import History
from flodl_monitor.lane import Lane
from flodl_monitor.notices import Notices, describe
from flodl_monitor.outbox import Outbox, SinkLane
from flodl_monitor.probes.sampler import Sampler
from flodl_monitor.progress import Progress
from flodl_monitor.protocols import CuriousSink, LateSink, LiveSink, MarkedSink, Probe, Sink
from flodl_monitor.record import EpochRecord, Mark

DEFAULT_PROBES = ("cpu", "ram", "gpu")

Several: TypeAlias = "Reference | Iterable[Reference]"


def line_up(sinks: Several, probes: Several | None, notices: Notices) -> tuple[list[SinkLane], Sampler]:
    """Make every sink and probe, then start them. When one cannot be made, those before it are closed.

    A probe that is known but cannot work on this machine is said once and left out.

    Raises:
        UnknownComponent: No sink, no probe has that name.
        ComponentError, MonitorError: Arguments that do not fit, a file that cannot be written, another thing.
    """
    made_sinks: list[tuple[str, Sink]] = []
    made_probes: list[tuple[str, Probe]] = []
    with ExitStack() as undo:
        for reference in _several(sinks):
            made_sinks.append(_make_sink(reference))
            undo.callback(made_sinks[-1][1].close)
        _check_places(made_sinks)
        for reference in _several(DEFAULT_PROBES if probes is None else probes):
            for name, probe in _make_probe(as_reference(reference), notices):
                made_probes.append((name, probe))
                undo.callback(probe.close)
        undo.pop_all()
    return [lane_of(name, sink, notices) for name, sink in made_sinks], Sampler(made_probes, notices)


def wind_up(pid: int, outbox: Outbox, sampler: Sampler, notices: Notices, timeout: float) -> None:
    """End the threads, all within `timeout` seconds; a forked child has none and leaves its parent's files alone."""
    if os.getpid() != pid:
        return
    deadline = time.monotonic() + timeout
    sampler.stop()
    outbox.stop()
    for lane in outbox.lanes:
        ended = lane.join(deadline)
        if lane.dropped:
            notices.once(f"slow {lane.name}", f"sink {lane.name} was too slow: {lane.dropped} records are dropped")
        if not ended:
            left = f"{lane.waiting} records or so are" if lane.waiting > 1 else "its last record is"
            notices.once(f"late {lane.name}", f"sink {lane.name} is still busy after {timeout:g} s: {left} given up")
    notices.close(max(deadline, time.monotonic() + 0.5))


def _make_sink(reference: Reference) -> tuple[str, Sink]:
    found = as_reference(reference)
    sink: Any = components.create("sink", found)
    name = _name_of("sink", found)
    if not isinstance(sink, Sink):
        raise MonitorError(
            f"a sink has emit(record) and close(); {name} is a {type(sink).__name__}",
            mend='sinks=["terminal", ref("csv", path="run.csv")]',
        )
    return name, sink


def _check_places(sinks: Iterable[tuple[str, Sink]]) -> None:
    """Two that write one file would each spoil what the other wrote."""
    taken: dict[Path, str] = {}
    for name, sink in sinks:
        place = getattr(sink, "path", getattr(sink, "folder", None))
        if not isinstance(place, Path):
            continue
        if place in taken:
            raise MonitorError(f"the sinks {taken[place]} and {name} would both write {place}", mend="a path for each")
        taken[place] = name


def _make_probe(reference: Any, notices: Notices) -> list[tuple[str, Probe]]:
    """The probe, or none where the machine has nothing for it."""
    name = _name_of("probe", reference)
    try:
        probe = components.create("probe", reference)
    except FlodlError as error:
        if not isinstance(reference, Ref):
            raise
        mend = f"; try: {error.mend}" if error.mend else ""
        notices.once(f"probe {name}", f"probe {name} does not work here ({error.what}{mend})")
        return []
    if not isinstance(probe, Probe):
        raise MonitorError(f"a probe has sample() and close(); {name} is a {type(probe).__name__}")
    return [(name, probe)]


def lane_of(name: str, sink: Sink, notices: Notices) -> SinkLane:
    """A sink on a thread of its own."""

    def failed(error: BaseException) -> None:
        notices.once(f"sink {name}", f"sink {name} failed and is dropped, the others go on ({describe(error)})")

    def take(item: EpochRecord | Mark | History | About | Progress) -> None:
        if isinstance(item, EpochRecord):
            sink.emit(item)
        elif isinstance(item, Mark):
            if isinstance(sink, MarkedSink):
                sink.mark(item)
        elif isinstance(item, About):
            if isinstance(sink, CuriousSink):
                sink.describe(item)
        elif isinstance(item, Progress):
            if isinstance(sink, LiveSink):
                sink.follow(item)
        elif isinstance(sink, LateSink):
            sink.begin(item)

    return Lane(name, take, sink.close, failed)


def _several(references: Several) -> tuple[Reference, ...]:
    """A single name, reference or table where several may stand is one of one."""
    if isinstance(references, str | Ref | Mapping):
        return (references,)
    try:
        return tuple(references)
    except TypeError:
        return (references,)


def _name_of(kind: str, reference: Any) -> str:
    """Whose it is: distribution and name of a component, package and class of an object."""
    if isinstance(reference, Ref):
        return components.find(kind, reference.name).qualified
    return f"{type(reference).__module__.partition('.')[0]}/{type(reference).__qualname__}"
