"""Whether this machine can exercise at all: said now, rather than as a failure of every component."""

from __future__ import annotations

from collections.abc import Collection

from flodl_core.errors import MissingDistribution, TensorError
from flodl_core.testing import NEEDS_NO_TORCH

from flodl_cli.locate import find_module


def require_device(device: str, kinds: Collection[str], *, where: str) -> None:
    """See that torch and the device are there, if these kinds need them.

    Args:
        where: The command, for errors.

    Raises:
        MissingDistribution: There is no torch.
        TensorError: There is no such device.
    """
    if device == "cpu" and NEEDS_NO_TORCH.issuperset(kinds):
        return
    if find_module("torch") is None:
        raise MissingDistribution(
            "torch is not installed: without it only schedules, sinks, probes and commands can be exercised",
            where=where,
            mend="pip install 'flodl-core[torch]'",
        )
    from flodl_core.tensor.device import pick_device

    try:
        pick_device(device)
    except TensorError as error:
        raise TensorError(error.what, where=where, mend="leave --device out: the CPU proves nearly all") from None
