"""Running a module on fake tensors: shapes, dtypes and devices come out, nothing is computed or changed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch._guards import detect_fake_mode
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.utils import _pytree as pytree


def fake_call(module: nn.Module, inputs: tuple[Any, ...], named: Mapping[str, Any] | None = None) -> Any:
    """Call a module with fakes of its inputs, parameters and buffers; the real ones are not touched."""
    mode = fake_mode((inputs, named))
    state: dict[str, Tensor] = {name: _fake(value, mode) for name, value in _held(module)}
    fakes, words = pytree.tree_map_only(Tensor, partial(_fake, mode=mode), (inputs, dict(named or {})))
    with _quiet(), mode, torch.no_grad():
        return torch.func.functional_call(module, state, fakes, words, tie_weights=False)


def fake_mode(values: Any = ()) -> FakeTensorMode:
    """A mode to make fake tensors in; that of some values, or the one around, where there is one."""
    return detect_fake_mode(values) or FakeTensorMode(allow_non_fake_inputs=True)


def _held(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Each parameter and buffer, once for each module that has it.

    Of a module that has two paths torch would swap each twice, and put the fake back for the real one.
    """
    for path, part in module.named_modules():
        own = chain(part._parameters.items(), part._buffers.items())
        yield from ((f"{path}.{name}" if path else name, value) for name, value in own if value is not None)


def _fake(value: Tensor, mode: FakeTensorMode) -> Tensor:
    return value if isinstance(value, FakeTensor) else mode.from_tensor(value.detach())


@contextmanager
def _quiet() -> Iterator[None]:
    """Shapes that do not fit are no news while they are being found: torch would log them as errors."""
    log = logging.getLogger("torch._subclasses.fake_tensor")
    disabled, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = disabled
