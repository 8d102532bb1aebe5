"""What a container may use: the limits of this process's Linux control groups, version 1 and 2."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import final

from attrs import frozen

_UNLIMITED = 1 << 60
"""Version 1 writes "no limit" as a number near 2**63."""


@final
@frozen
class ControlGroup:
    """The files of this process's control group, from the group itself up to the root.

    Args:
        cpu: Folders with the CPU limits, innermost first.
        usage: The file that counts the CPU time used.
        memory: Folders with the memory limits, innermost first.
        unified: Whether these are version 2's.
    """

    cpu: tuple[Path, ...] = ()
    usage: Path | None = None
    memory: tuple[Path, ...] = ()
    unified: bool = False

    def cores(self) -> float | None:
        """The CPU cores it may use, the least on the way up; None without a limit."""
        read = _quota_v2 if self.unified else _quota_v1
        return min((limit for folder in self.cpu if (limit := read(folder)) is not None), default=None)

    def cpu_seconds(self) -> float | None:
        """CPU time its processes used so far, all cores added up."""
        if self.usage is None:
            return None
        if not self.unified:
            nanoseconds = _number(self.usage)
            return None if nanoseconds is None else nanoseconds / 1e9
        microseconds = _field(self.usage, "usage_usec")
        return None if microseconds is None else microseconds / 1e6

    def memory_limit(self) -> tuple[float, float] | None:
        """Bytes in use and bytes allowed, of the tightest group on the way up; None without a limit."""
        limits = [(limit, folder) for folder in self.memory if (limit := self._limit(folder)) is not None]
        if not limits:
            return None
        limit, folder = min(limits)
        used = _number(folder / ("memory.current" if self.unified else "memory.usage_in_bytes"))
        if used is None:
            return None
        reclaimable = _field(folder / "memory.stat", "inactive_file" if self.unified else "total_inactive_file") or 0
        return float(max(0, used - reclaimable)), float(limit)

    def _limit(self, folder: Path) -> int | None:
        limit = _number(folder / ("memory.max" if self.unified else "memory.limit_in_bytes"))
        return None if limit is None or limit >= _UNLIMITED else limit


def read_control_group(root: Path = Path("/")) -> ControlGroup:
    """Find this process's control group; an empty one where there is none (another system, another layout).

    Args:
        root: Where `proc` and `sys` are.
    """
    groups = _own_groups(root)
    mounted = root / "sys/fs/cgroup"
    if "memory" not in groups and "cpu" not in groups:
        folders = _upwards(mounted, groups.get("", "/"))
        return ControlGroup(cpu=folders, usage=folders[0] / "cpu.stat", memory=folders, unified=True)
    accounting = _upwards(mounted / "cpuacct", groups.get("cpuacct", "/"))
    return ControlGroup(
        cpu=_upwards(mounted / "cpu", groups.get("cpu", "/")),
        usage=accounting[0] / "cpuacct.usage",
        memory=_upwards(mounted / "memory", groups.get("memory", "/")),
    )


def _own_groups(root: Path) -> dict[str, str]:
    """Controller to path, from lines such as `4:memory:/docker/6fa7`; version 2's line has no controller."""
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    fields = (line.split(":", 2) for line in lines if line.count(":") >= 2)
    return {controller: path for _, controllers, path in fields for controller in controllers.split(",")}


def _upwards(mounted: Path, path: str) -> tuple[Path, ...]:
    """The group's folder and its parents'. Inside a container the path may be the host's: then the mount itself."""
    inner = PurePosixPath("" if ".." in path else path.lstrip("/"))  # version 2 writes /../.. above its namespace
    folders = [mounted / inner, *(mounted / parent for parent in inner.parents)]
    seen = [folder for folder in dict.fromkeys(folders) if folder.is_dir()]
    return tuple(seen) or (mounted,)


def _quota_v1(folder: Path) -> float | None:
    quota, period = _number(folder / "cpu.cfs_quota_us"), _number(folder / "cpu.cfs_period_us")
    return quota / period if quota is not None and period and quota > 0 else None


def _quota_v2(folder: Path) -> float | None:
    words = _text(folder / "cpu.max").split()
    return int(words[0]) / int(words[1]) if len(words) == 2 and all(map(str.isdigit, words)) else None


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text.lstrip("-").isdigit() else None


def _field(path: Path, name: str) -> int | None:
    for line in _text(path).splitlines():
        key, _, value = line.partition(" ")
        if key == name and value.isdigit():
            return int(value)
    return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
