"""`Sampler`: reads the probes about once a second, on a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import final

from attrs import define, field
from flodl_core.errors import MonitorError

from flodl_monitor.notices import Notices, describe
from flodl_monitor.protocols import Probe
from flodl_monitor.scalars import as_name, as_number

SECOND_SAMPLE = 0.1
"""Seconds to the second sample: a load is a mean over time, and short runs want one too."""
INTERVAL = 1.0
"""Seconds between later samples."""
PATIENCE = 10.0
"""Seconds that a probe may take to answer."""
GRACE = 0.05
"""Seconds more, once: it may only have waited for the interpreter, which another thread had for itself."""
FIRST_WAIT = 0.25
"""Seconds that the maker of a sampler waits, at most, for the first readings."""


@define(eq=False)
class _Shift:
    """One thread's turn at the probes, and whom it waits for since when; another takes over when it hangs."""

    probes: list[tuple[str, Probe]]
    latest: Mapping[str, float] = field(factory=dict)
    asked: tuple[str, Probe, float] | None = None


@final
class Sampler:
    """The latest reading of every probe. A probe that fails, or hangs, is named once and not asked again.

    Args:
        probes: Pairs of a name for people and a probe.
        notices: Where failures are said.
    """

    def __init__(self, probes: Sequence[tuple[str, Probe]], notices: Notices) -> None:
        self._notices = notices
        self._stopped, self._sampled = threading.Event(), threading.Event()
        self._begin(list(probes))
        if probes:
            self._sampled.wait(FIRST_WAIT)

    @property
    def latest(self) -> Mapping[str, float]:
        """The readings; nothing just after a probe was found to hang, and then those of the others."""
        if (asked := self._shift.asked) is not None and time.monotonic() - asked[2] > PATIENCE:
            time.sleep(GRACE)
            if self._shift.asked is asked:
                self._drop(*asked[:2])
        return self._shift.latest

    def stop(self) -> None:
        """Let the thread close the probes and end."""
        self._stopped.set()

    def _drop(self, hanging: str, probe: Probe) -> None:
        self._notices.once(f"probe {hanging}", f"probe {hanging} does not answer and is dropped")
        self._begin([(name, other) for name, other in self._shift.probes if other is not probe])

    def _begin(self, probes: list[tuple[str, Probe]]) -> None:
        self._shift = shift = _Shift(probes)
        self._thread = threading.Thread(target=self._run, args=(shift,), name="flodl-monitor probes", daemon=True)
        if probes:
            self._thread.start()

    def _run(self, shift: _Shift) -> None:
        pause = SECOND_SAMPLE
        while not self._stopped.is_set() and shift is self._shift:
            shift.latest = self._sample(shift)
            self._sampled.set()
            self._stopped.wait(pause)
            pause = INTERVAL
        for name, probe in shift.probes if shift is self._shift else []:
            self._close(name, probe)

    def _sample(self, shift: _Shift) -> dict[str, float]:
        readings: dict[str, float] = {}
        for name, probe in list(shift.probes):
            shift.asked = (name, probe, time.monotonic())
            try:
                readings.update((as_name(key), as_number(value)) for key, value in _mapping(probe.sample()).items())
            except Exception as error:
                self._notices.once(f"probe {name}", f"probe {name} failed and is dropped ({describe(error)})")
                shift.probes.remove((name, probe))
                self._close(name, probe)
            else:
                if shift is not self._shift:
                    self._close(name, probe)
            if shift is not self._shift:  # it did answer at last: the others are asked by another thread
                break
            shift.asked = None
        return readings

    def _close(self, name: str, probe: Probe) -> None:
        try:
            probe.close()
        except Exception as error:
            self._notices.once(f"probe {name}", f"probe {name} failed while closing ({describe(error)})")


def _mapping(value: object) -> Mapping[str, float]:
    if isinstance(value, Mapping):
        return value
    raise MonitorError(f"sample() returns a mapping of names to numbers, got a value of type {type(value).__name__}")
