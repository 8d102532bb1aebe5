"""A module on the bench: made from a seed, fed, called, its outputs in order."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from flodl_core.component import ModuleSpec
from flodl_core.testing.contracts.check import Subject
from flodl_core.testing.contracts.compare import tensors_of
from flodl_core.testing.contracts.inputs import inputs_of
from flodl_core.testing.contracts.promise import require

ROUNDING: Mapping[torch.dtype, float] = {torch.float64: 1e-10, torch.float32: 1e-4, torch.bfloat16: 5e-2}
"""How far apart the same result of two ways may be, relative to `1 + |value|`."""


def make(subject: Subject, seed: int = 0, dtype: torch.dtype | None = None) -> nn.Module:
    """A new module on the subject's device; its parameters drawn from the seed."""
    torch.manual_seed(seed)
    made = subject.make()
    require(isinstance(made, nn.Module), f"its factory gives a {type(made).__name__}, not a torch.nn.Module")
    module: nn.Module = made
    return module.to(subject.device, dtype)


def on_demand(subject: Subject, module: nn.Module) -> dict[str, Any]:
    """The keyword by which a module is asked for its further outputs, if it gives them on demand."""
    spec = subject.component.spec
    assert isinstance(spec, ModuleSpec)
    asked = "wanted" in inspect.signature(module.forward).parameters
    return {"wanted": spec.outputs[1:]} if asked and spec.outputs else {}


def call(subject: Subject, module: Any, inputs: list[Tensor], seed: int = 0) -> list[Tensor]:
    """All output tensors; random modules draw the same numbers for the same seed."""
    original = module if not hasattr(module, "_orig_mod") else module._orig_mod
    options = on_demand(subject, original)
    torch.manual_seed(seed)
    outputs = list(tensors_of(module(*inputs, **options)))
    require(bool(outputs), "its forward gives no tensor")
    return outputs


def draws(subject: Subject, module: nn.Module) -> bool:
    """Whether it draws random numbers when called as it is: other seeds, other outputs; the same one, the same."""
    with torch.no_grad():
        first, second, again = (call(subject, module, inputs_of(subject), seed=seed) for seed in (1, 2, 1))
    return not _alike(first, second) and _alike(first, again)


def _alike(first: list[Tensor], second: list[Tensor]) -> bool:
    """The same up to rounding: a sum may be rounded otherwise where its numbers lie otherwise in memory."""
    return all(torch.allclose(one, other, 1e-4, 1e-5, equal_nan=True) for one, other in zip(first, second, strict=True))
