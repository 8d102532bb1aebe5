"""Why a model does not take a batch, where that can be told from looking at both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from flodl_core import TrainingError
from torch import Tensor, nn


def misfit(model: nn.Module, batch: Sequence[Any]) -> TrainingError | None:
    """What is wrong with a batch that a model just failed on; None: that cannot be told, the error itself says more."""
    if len(batch) == 1 and isinstance(batch[0], tuple | list):
        return TrainingError(f"the batch is one {type(batch[0]).__name__}, with the tensors in it", mend="step(*batch)")
    tensors = [item for item in batch if isinstance(item, Tensor)]
    devices = {parameter.device for parameter in model.parameters()}
    if len(devices) == 1:
        (device,) = devices
        elsewhere = next((tensor.device for tensor in tensors if tensor.device != device), None)
        if elsewhere is not None:
            return TrainingError(
                f"the batch is on {elsewhere}, and the model on {device}",
                mend=f"step(*(tensor.to({str(device)!r}) for tensor in batch)), or a DeviceLoader",
            )
    types = {parameter.dtype for parameter in model.parameters() if parameter.is_floating_point()}
    if len(types) == 1 and tensors and tensors[0] is batch[0] and tensors[0].is_floating_point():
        (dtype,) = types
        if tensors[0].dtype != dtype:
            return TrainingError(
                f"the batch is {_named(tensors[0].dtype)}, and the model {_named(dtype)}",
                mend=f"x.to({dtype}), or model.to({tensors[0].dtype})",
            )
    return None


def _named(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
