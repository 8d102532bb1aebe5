"""Probe `cpu`: how busy the processor is, of what this process may use."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import final

import psutil  # type: ignore[import-untyped, unused-ignore]

from flodl_monitor.probes.cgroup import ControlGroup, read_control_group

SHORTEST = 0.05
"""Seconds that a mean must span: the system counts in ticks of 10 ms."""


@final
class Cpu:
    """`cpu_percent`: in a container with a CPU limit, its use of that limit; else the machine's load.

    The mean since the sample before; the first sample has nothing to compare with and is empty.

    Args:
        group: The control group to look at; this process's own if not given.
    """

    def __init__(self, group: ControlGroup | None = None) -> None:
        self._group = read_control_group() if group is None else group
        cores = self._group.cores()
        self._cores = cores if cores is not None and cores < (os.cpu_count() or 1) else None
        self._since, (self._busy, self._whole) = time.monotonic(), self._read()
        self._latest: Mapping[str, float] = {}

    def sample(self) -> Mapping[str, float]:
        """The share in percent since the sample before; asked again too soon, the same once more."""
        now = time.monotonic()
        if now - self._since >= SHORTEST:
            busy, whole = self._busy, self._whole
            self._since, (self._busy, self._whole) = now, self._read()
            share = 100.0 * (self._busy - busy) / max(self._whole - whole, 1e-9)
            self._latest = {"cpu_percent": min(100.0, max(0.0, share))}
        return self._latest

    def close(self) -> None:
        """Nothing is held."""

    def _read(self) -> tuple[float, float]:
        """Seconds busy and seconds available so far, summed over the cores."""
        if self._cores is not None and (used := self._group.cpu_seconds()) is not None:
            return used, time.monotonic() * self._cores
        times = psutil.cpu_times()
        idle = times.idle + getattr(times, "iowait", 0.0)
        # `guest` is counted in `user` already
        whole = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
        return whole - idle, whole
