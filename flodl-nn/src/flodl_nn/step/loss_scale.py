"""torch's loss scale around an update, for gradients that would underflow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import torch
from flodl_core import TrainingError
from torch import Tensor
from torch.amp import GradScaler
from torch.optim import Optimizer


def make_scaler(trained: Mapping[str, Tensor]) -> GradScaler:
    """A dynamic loss scale where the parameters are.

    Raises:
        TrainingError: A parameter is a half itself: its gradients would be scaled down to zeros.
    """
    half = [name for name, parameter in trained.items() if parameter.dtype == torch.float16]
    if half:
        raise TrainingError(
            f'{half[0]} is float16, and precision="fp16" keeps weights in single precision',
            mend="model.float(): autocast makes halves of them where that is safe",
        )
    return GradScaler(next(iter(trained.values())).device.type)


def apply_scaled(scaler: GradScaler, optimizer: Optimizer, clip: Callable[[], None]) -> None:
    """Update from scaled gradients, or skip it if one overflowed; and let the scale follow.

    Args:
        clip: What becomes of the gradients in between, in their own scale.
    """
    with _left_as_found(scaler):
        scaler.unscale_(optimizer)
        clip()
        scaler.step(optimizer)
        scaler.update()


@contextmanager
def _left_as_found(scaler: GradScaler) -> Iterator[None]:
    """A scaler whose update failed half-way would refuse the next one: have it begin anew."""
    try:
        yield
    except BaseException:
        scale = getattr(scaler, "_scale", None)
        if isinstance(scale, Tensor):
            scaler.update(scale)
        raise


def takes_scale(optimizer: Optimizer) -> bool:
    """Does its kernel skip an overflow itself?"""
    return bool(getattr(optimizer, "_step_supports_amp_scaling", False))


def scale_tensors(scaler: GradScaler | None) -> dict[str, Tensor]:
    """What an update changes of it, by name."""
    found = {key: getattr(scaler, f"_{key}", None) for key in ("scale", "growth_tracker")}
    return {f"the loss scaler's {key}": value for key, value in found.items() if isinstance(value, Tensor)}
