"""Batches on their way to a device."""

from __future__ import annotations

from typing import Any, final

import torch
from torch import Tensor
from torch.utils import _pytree as pytree


@final
class Transfer:
    """Brings batches from the host to a device, and waits for nothing.

    To a GPU they go by a stream of their own: the host is ahead of the device, so a copy runs while
    the device still works on the batches before. Host memory is pinned first, lest the copy wait.

    Args:
        device: Where they go.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None

    def __call__(self, batch: Any) -> Any:
        """The batch, there; ready for whatever is queued on the device from now on."""
        if self._device.type == "cpu":
            return batch
        if self._stream is None:
            return pytree.tree_map_only(Tensor, lambda tensor: tensor.to(self._device), batch)
        with torch.cuda.stream(self._stream):
            there = pytree.tree_map_only(Tensor, self._sent, batch)
        now = torch.cuda.current_stream(self._device)
        now.wait_stream(self._stream)
        for tensor in pytree.tree_leaves(there):
            if isinstance(tensor, Tensor):
                tensor.record_stream(now)  # its memory is the other stream's
        return there

    def _sent(self, tensor: Tensor) -> Tensor:
        pinned = tensor if tensor.is_cuda or tensor.is_pinned() else tensor.pin_memory()
        return pinned.to(self._device, non_blocking=True)
