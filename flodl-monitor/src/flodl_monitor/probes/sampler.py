"""`Sampler`: reads the probes about once a second, on a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import final

from flodl_core.errors import MonitorError

from flodl_monitor.notices import Notices, describe
from flodl_monitor.protocols import Probe
from flodl_monitor.scalars import as_name, as_number

SECOND_SAMPLE = 0.1
"""Seconds to the second sample: a load is a mean over time, and short runs want one too."""
INTERVAL = 1.0
"""Seconds between later samples."""
FIRST_WAIT = 0.25
"""Seconds that the maker of a sampler waits, at most, for the first readings."""


@final
class Sampler:
    """The latest reading of every probe. A probe that fails is named once and not asked again.

    Args:
        probes: Pairs of a name for people and a probe.
        notices: Where failures are said.
    """

    def __init__(self, probes: Sequence[tuple[str, Probe]], notices: Notices) -> None:
        self.latest: Mapping[str, float] = {}
        self._probes, self._notices = list(probes), notices
        self._stopped, self._sampled = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="flodl-monitor probes", daemon=True)
        if self._probes:
            self._thread.start()
            self._sampled.wait(FIRST_WAIT)

    def stop(self) -> None:
        """Let the thread close the probes and end."""
        self._stopped.set()

    def _run(self) -> None:
        pause = SECOND_SAMPLE
        while not self._stopped.is_set():
            self.latest = self._sample()
            self._sampled.set()
            self._stopped.wait(pause)
            pause = INTERVAL
        for name, probe in self._probes:
            self._close(name, probe)

    def _sample(self) -> dict[str, float]:
        readings: dict[str, float] = {}
        for name, probe in list(self._probes):
            try:
                readings.update((as_name(key), as_number(value)) for key, value in _mapping(probe.sample()).items())
            except Exception as error:
                self._notices.once(f"probe {name}", f"probe {name} failed and is dropped ({describe(error)})")
                self._probes.remove((name, probe))
                self._close(name, probe)
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
