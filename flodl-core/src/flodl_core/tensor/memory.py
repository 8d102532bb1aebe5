"""How much memory a device's tensors take: in use, held by the allocator, and the most there was.

Only CUDA devices have an allocator that counts. Elsewhere the answer is None, at the cost of one comparison.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import final

import torch
from attrs import define, frozen

from flodl_core.tensor.device import pick_device


@final
@frozen(kw_only=True)
class Memory:
    """A device's memory, in bytes.

    Args:
        active: In tensors that are alive, or that a running kernel still reads.
        reserved: Held by torch's allocator, in use or kept for the next tensor.
        peak_active: The most that was active since the last `measure_peak` began, or since the start.
        peak_reserved: Likewise for reserved.
        free: What the device could still give, to anyone.
        total: What the device has.
    """

    active: int
    reserved: int
    peak_active: int
    peak_reserved: int
    free: int
    total: int


@final
@define
class Peak:
    """What `measure_peak` found, in bytes; None on devices that do not count."""

    active: int | None = None
    reserved: int | None = None


def memory_of(device: str | int | torch.device = "auto") -> Memory | None:
    """A reading of this process's memory on one device; None where nothing counts it.

    Does not wait for the device.

    Raises:
        TensorError: There is no such device.

    >>> memory_of("cpu") is None
    True
    """
    place = pick_device(device)
    if place.type != "cuda":
        return None
    counts = torch.cuda.memory_stats(place)
    free, total = torch.cuda.mem_get_info(place)
    return Memory(
        active=counts.get("active_bytes.all.current", 0),
        reserved=counts.get("reserved_bytes.all.current", 0),
        peak_active=counts.get("active_bytes.all.peak", 0),
        peak_reserved=counts.get("reserved_bytes.all.peak", 0),
        free=free,
        total=total,
    )


@contextmanager
def measure_peak(device: str | int | torch.device = "auto") -> Iterator[Peak]:
    """The most memory that a block of code had in use at once; read it after the block.

    The device's peaks are set back at the beginning, so blocks do not nest on one device.

    >>> with measure_peak("cpu") as peak:
    ...     pass
    >>> peak
    Peak(active=None, reserved=None)
    """
    place, peak = pick_device(device), Peak()
    if place.type == "cuda":
        torch.cuda.reset_peak_memory_stats(place)
    try:
        yield peak
    finally:
        found = memory_of(place)
        if found is not None:
            peak.active, peak.reserved = found.peak_active, found.peak_reserved
