"""Processor and memory."""

from __future__ import annotations

import time

import psutil
from flodl_monitor import Probe
from flodl_monitor.probes.cgroup import ControlGroup
from flodl_monitor.probes.cpu import SHORTEST, Cpu
from flodl_monitor.probes.ram import Ram


def test_cpu_sees_work():
    """Empty at first; busy while this process is; within 0 and 100."""
    probe = Cpu(ControlGroup())
    assert {} == probe.sample()
    end = time.monotonic() + 4 * SHORTEST
    while time.monotonic() < end:
        pass
    busy = probe.sample()["cpu_percent"]
    assert 0.0 < busy <= 100.0
    assert busy == probe.sample()["cpu_percent"]  # too soon for another mean


def test_ram_is_the_machines():
    """Without a limit, psutil's figures."""
    sample = Ram(ControlGroup()).sample()
    assert psutil.virtual_memory().total == sample["ram_total"]
    assert 0 < sample["ram_used"] < sample["ram_total"]


def test_probes_fit_the_protocol():
    """What the monitor asks of a probe."""
    assert all(isinstance(probe, Probe) for probe in (Cpu(), Ram()))
