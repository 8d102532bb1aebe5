"""Running a module on fake tensors: shapes, dtypes and devices come out, nothing is computed or changed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils import _pytree as pytree


def fake_call(module: nn.Module, inputs: tuple[Any, ...], named: Mapping[str, Any] | None = None) -> Any:
    """Call a module with fakes of its inputs, parameters and buffers; the real ones are not touched."""
    mode = FakeTensorMode(allow_non_fake_inputs=True)
    with _quiet(), mode, torch.no_grad():
        state: dict[str, Tensor] = {
            name: mode.from_tensor(value) for name, value in chain(module.named_parameters(), module.named_buffers())
        }
        fakes, words = pytree.tree_map_only(Tensor, mode.from_tensor, (inputs, dict(named or {})))
        return torch.func.functional_call(module, state, fakes, words)


@contextmanager
def _quiet() -> Iterator[None]:
    """Shapes that do not fit are no news while they are being found: torch would log them as errors."""
    log = logging.getLogger("torch._subclasses.fake_tensor")
    disabled, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = disabled
