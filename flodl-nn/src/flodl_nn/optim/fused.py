"""torch's optimizers on its fused kernels wherever they exist: one kernel instead of dozens.

Each factory here takes the class's own arguments and returns the class's own object. It only fills
in `fused=True` when the user said nothing about `fused`, `foreach` or `differentiable`, and every
parameter is floating, on a device that has the kernel.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any, Final

import torch
from torch import Tensor
from torch.optim import Optimizer

HOW: Final = frozenset({"fused", "foreach", "differentiable"})
"""Arguments by which a user chooses how an optimizer computes."""


def _factory(kind: type[Optimizer], *devices: str, unless: str = "") -> Callable[..., Optimizer]:
    """A factory of a class; `unless`: an option with which the fused kernel would not do."""
    signature = inspect.signature(kind)

    @functools.wraps(kind, updated=())
    def make(params: Iterable[Any], *args: Any, **kwargs: Any) -> Optimizer:
        params = [_listed(item) for item in params]
        said = signature.bind(params, *args, **kwargs).arguments
        if not HOW & said.keys() and not said.get(unless) and _all_fit(params, devices):
            kwargs["fused"] = True
        return kind(params, *args, **kwargs)

    return make


def _listed(item: Any) -> Any:
    """A group whose parameters can be looked at: a generator's would be gone afterwards."""
    if not isinstance(item, dict) or "params" not in item or isinstance(item["params"], Tensor):
        return item
    return {**item, "params": list(item["params"])}


def _all_fit(params: list[Any], devices: tuple[str, ...]) -> bool:
    tensors = list(_tensors(params))
    return bool(tensors) and all(t.is_floating_point() and t.device.type in devices for t in tensors)


def _tensors(params: Iterable[Any]) -> Iterable[Tensor]:
    for item in params:
        if isinstance(item, dict):
            held = item.get("params", ())  # without any: torch says so
            yield from _tensors([held] if isinstance(held, Tensor) else held)
        elif isinstance(item, tuple):  # ("name", parameter)
            yield item[1]
        else:
            yield item


adam = _factory(torch.optim.Adam, "cuda", "cpu")
adamw = _factory(torch.optim.AdamW, "cuda", "cpu")
sgd = _factory(torch.optim.SGD, "cuda", "cpu", unless="dampening")  # it cannot start one velocity later than others
adagrad = _factory(torch.optim.Adagrad, "cpu")
