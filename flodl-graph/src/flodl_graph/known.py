"""Whether there is anything to decide by: not while shapes alone are run through a graph."""

from __future__ import annotations

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor


def is_at_hand(value: Tensor) -> bool:
    """Whether the host can read a tensor's numbers without waiting for a device, and nothing is tracing it."""
    if not value.is_cpu or isinstance(value, FakeTensor) or torch.compiler.is_compiling():
        return False
    return not torch._C._functorch.is_functorch_wrapped_tensor(value)


def is_known(value: Tensor) -> bool:
    """Whether the host can, or must, read a tensor's numbers.

    A compiler or exporter that follows a fake tensor must hear that data decide here: a program that had
    one branch baked in would be wrong in silence.
    """
    return not isinstance(value, FakeTensor) or torch.compiler.is_compiling()
