"""Probe `ram`: memory in use, of what this process may use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import psutil  # type: ignore[import-untyped, unused-ignore]

from flodl_monitor.probes.cgroup import ControlGroup, read_control_group


@final
class Ram:
    """`ram_used` and `ram_total` in bytes: a container's with a memory limit, else the machine's.

    Files that the system only caches do not count as used.

    Args:
        group: The control group to look at; this process's own if not given.
    """

    def __init__(self, group: ControlGroup | None = None) -> None:
        self._group = read_control_group() if group is None else group

    def sample(self) -> Mapping[str, float]:
        """The memory in use now."""
        machine = psutil.virtual_memory()
        used, total = float(machine.total - machine.available), float(machine.total)
        limited = self._group.memory_limit()
        if limited is not None and limited[1] < total:
            used, total = limited
        return {"ram_used": used, "ram_total": total}

    def close(self) -> None:
        """Nothing is held."""
