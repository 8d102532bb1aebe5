"""A module over many elements in one go, where that changes nothing but rounding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from flodl_core import components
from torch import Tensor, nn

from flodl_graph.part import Function, stream_of


def vectorisable(body: nn.Module) -> bool:
    """Whether a module is known to be a function of one element: every part of it is torch's or a built-in's class.

    Python of a user's own may count, print or branch, and is called element by element. So is what
    draws random numbers or gathers statistics in its present mode, and a graph that keeps values of
    its last call.
    """
    return all(map(_known, body.modules()))


def vectorised(body: nn.Module, x: Tensor, refs: Mapping[str, Any]) -> Tensor:
    """The body's outputs for each element, kept as a batch of one, behind each other. Shapes: [B, ...] -> [B * R, ...].

    Args:
        refs: Go to every call whole.

    Raises:
        Exception: Whatever torch says to an operation that cannot be vectorised.
    """

    def one(element: Tensor) -> Tensor:
        made: Tensor = stream_of(body(element.unsqueeze(0), **refs))  # [R, ...]
        return made

    return torch.func.vmap(one)(x).flatten(0, 1)


def _known(module: nn.Module) -> bool:
    kind = type(module)
    if isinstance(module, Function | nn.RNNBase) or module._forward_hooks or module._forward_pre_hooks:
        return False
    if module.training and (getattr(module, "running_mean", None) is not None or getattr(module, "p", None)):
        return False
    if getattr(module, "_observed", ()) or getattr(getattr(module, "ir", None), "carries", ()):
        return False  # a graph whose calls leave something
    ours = kind.__module__.startswith(("torch.nn.modules.", "flodl_graph."))
    return ours or components.builtin_class("module", kind) is not None
