"""Limits of containers."""

from __future__ import annotations

from pathlib import Path

import pytest
from flodl_monitor.probes.cgroup import read_control_group
from flodl_monitor.probes.cpu import Cpu
from flodl_monitor.probes.ram import Ram

MIB = 2**20


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_version_2(tmp_path):
    """The least limit on the way up counts; file cache that can be given back is not in use."""
    group = read_control_group(
        tree(
            tmp_path,
            {
                "proc/self/cgroup": "0::/job/task\n",
                "sys/fs/cgroup/cgroup.controllers": "cpu memory",
                "sys/fs/cgroup/job/cpu.max": "150000 100000\n",
                "sys/fs/cgroup/job/memory.max": f"{512 * MIB}\n",
                "sys/fs/cgroup/job/memory.current": f"{300 * MIB}\n",
                "sys/fs/cgroup/job/memory.stat": f"anon 1\ninactive_file {100 * MIB}\nactive_file 3\n",
                "sys/fs/cgroup/job/task/cpu.max": "max 100000\n",
                "sys/fs/cgroup/job/task/memory.max": "max\n",
                "sys/fs/cgroup/job/task/cpu.stat": "usage_usec 2500000\nuser_usec 1\n",
            },
        )
    )
    assert 1.5 == group.cores()
    assert 2.5 == group.cpu_seconds()
    assert (200 * MIB, 512 * MIB) == group.memory_limit()


def test_version_2_inside_a_container(tmp_path):
    """The path is the host's and not to be seen: the mount itself is the group."""
    group = read_control_group(
        tree(
            tmp_path,
            {
                "proc/self/cgroup": "0::/../../docker/abc\n",
                "sys/fs/cgroup/cpu.max": "50000 100000\n",
                "sys/fs/cgroup/cpu.stat": "usage_usec 1000000\n",
                "sys/fs/cgroup/memory.max": f"{256 * MIB}\n",
                "sys/fs/cgroup/memory.current": f"{64 * MIB}\n",
            },
        )
    )
    assert 0.5 == group.cores()
    assert 1.0 == group.cpu_seconds()
    assert (64 * MIB, 256 * MIB) == group.memory_limit()


def test_version_1(tmp_path):
    """Controllers have folders of their own; -1 and a number near 2**63 mean no limit."""
    group = read_control_group(
        tree(
            tmp_path,
            {
                "proc/self/cgroup": "4:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n0::/\n",
                "sys/fs/cgroup/cpu/docker/abc/cpu.cfs_quota_us": "200000\n",
                "sys/fs/cgroup/cpu/docker/abc/cpu.cfs_period_us": "100000\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpuacct/docker/abc/cpuacct.usage": "3500000000\n",
                "sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": f"{512 * MIB}\n",
                "sys/fs/cgroup/memory/docker/abc/memory.usage_in_bytes": f"{300 * MIB}\n",
                "sys/fs/cgroup/memory/docker/abc/memory.stat": f"total_inactive_file {50 * MIB}\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            },
        )
    )
    assert 2.0 == group.cores()
    assert 3.5 == group.cpu_seconds()
    assert (250 * MIB, 512 * MIB) == group.memory_limit()


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"proc/self/cgroup": "garbage\n:::\n"},
        {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n", "sys/fs/cgroup/memory.max": "max\n"},
        {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "what\n", "sys/fs/cgroup/memory.max": "\n"},
        {"proc/self/cgroup": "4:memory:/\n2:cpu:/\n"},
        {
            "proc/self/cgroup": "4:memory:/\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            "sys/fs/cgroup/memory/memory.usage_in_bytes": "1000\n",
        },
    ],
)
def test_no_limit(files, tmp_path):
    """Another system, no limit, files that say nothing: all the same, and no error."""
    group = read_control_group(tree(tmp_path, files))
    assert group.cores() is None
    assert group.memory_limit() is None


def test_this_process_can_be_read():
    """Whatever this machine has."""
    group = read_control_group()
    cores, memory = group.cores(), group.memory_limit()
    assert cores is None or cores > 0
    assert memory is None or 0 <= memory[0] <= memory[1]


def test_probes_respect_the_limits(tmp_path):
    """In a container, a share of what it may use: 0.25 s of CPU time in that time on half a core; its own memory."""
    root = tree(
        tmp_path,
        {
            "proc/self/cgroup": "0::/\n",
            "sys/fs/cgroup/cpu.max": "50000 100000\n",
            "sys/fs/cgroup/cpu.stat": "usage_usec 0\n",
            "sys/fs/cgroup/memory.max": f"{256 * MIB}\n",
            "sys/fs/cgroup/memory.current": f"{64 * MIB}\n",
        },
    )
    group = read_control_group(root)
    assert {"ram_used": 64.0 * MIB, "ram_total": 256.0 * MIB} == Ram(group).sample()
    cpu = Cpu(group)
    cpu._since -= 1.0  # a second ago, by the probe's clock
    cpu._whole -= 0.5
    (root / "sys/fs/cgroup/cpu.stat").write_text("usage_usec 250000\n")
    assert 50.0 == pytest.approx(cpu.sample()["cpu_percent"], abs=1.0)
