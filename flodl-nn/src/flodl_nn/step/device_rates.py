"""Learning rates as tensors on the device, so that what is recorded there reads the rate of each update."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import nan
from typing import Any, final

import torch
from torch import Tensor
from torch.optim import Optimizer

EXECUTION = frozenset({"fused", "foreach", "capturable", "differentiable"})
"""Options of a group that say how an update is computed on this machine, not what it is."""


@final
class DeviceRates:
    """The rate of each group in a tensor that never moves.

    Groups themselves hold plain numbers at all times but during an update, so that whoever reads or
    sets a rate, saves it or multiplies it needs not know of the device. Single precision: eager and
    recorded updates read the same tensor, and so do the same arithmetic. A rate that is a tensor of the
    user's is copied there too: another may stand in its place tomorrow, and a recording would not know.
    """

    def __init__(self) -> None:
        self._tensors: list[Tensor] = []
        self._filled: list[float] = []

    def fill(self, optimizer: Optimizer, device: torch.device) -> None:
        """Bring the tensors up to date: one small kernel for each rate that changed or is a tensor, and no wait."""
        for index, group in enumerate(optimizer.param_groups):
            rate = group["lr"]
            if index == len(self._tensors):
                self._tensors.append(torch.zeros((), device=device))
                self._filled.append(0.0)
            if isinstance(rate, Tensor):
                self._tensors[index].copy_(rate.detach().reshape(()), non_blocking=True)
                self._filled[index] = nan
            elif rate != self._filled[index]:
                self._tensors[index].fill_(rate)
                self._filled[index] = rate

    @contextmanager
    def lent(self, optimizer: Optimizer) -> Iterator[None]:
        """A block in which the groups hold the tensors."""
        rates = [group["lr"] for group in optimizer.param_groups]
        try:
            for group, tensor in zip(optimizer.param_groups, self._tensors, strict=True):
                group["lr"] = tensor
            yield
        finally:
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate


def why_not_recorded(optimizer: Optimizer) -> str | None:
    """Why an optimizer's update cannot be recorded; None: it can.

    torch has two kinds that can: fused kernels, which read rate and step from tensors, and those
    with an option `capturable`, in their foreach form.
    """
    kind = type(optimizer).__name__
    for group in optimizer.param_groups:
        if group.get("fused"):
            continue
        if "capturable" not in group:
            return f"{kind} reads its rate on the host"
        if group.get("foreach") is False or group.get("differentiable"):
            return f"{kind} without foreach reads its rate on the host"
    return None


def make_capturable(optimizer: Optimizer) -> None:
    """Have an optimizer count its steps on the device, where it offers that."""
    for group in optimizer.param_groups:
        if "capturable" in group and not group["capturable"]:
            group["capturable"] = True
            for parameter in group["params"]:
                _to_device(optimizer.state.get(parameter, {}), parameter.device)


def _to_device(state: dict[str, Any], device: torch.device) -> None:
    for name, value in state.items():
        if isinstance(value, Tensor) and value.dim() == 0 and value.device != device:
            state[name] = value.to(device)
