"""Frozen means frozen: no gradient, no optimizer, and no running statistics of normalisation either."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, TypeAlias

from flodl_core.paths import matches, select_parameters
from torch import nn

Stats: TypeAlias = Literal["hold", "track"]
"""What the running statistics of frozen normalisation layers do in training: stay, or follow the data."""


def freeze(root: nn.Module, path: str, stats: Stats) -> None:
    """Take a part's parameters out of training.

    Raises:
        PathError: The path names nothing.
    """
    for parameter in select_parameters(root, path).values():
        parameter.requires_grad_(False)
    for norm in _norms_at(root, path):
        norm.held = stats == "hold"  # type: ignore[assignment]
    hold_still(root.modules())


def thaw(root: nn.Module, path: str) -> None:
    """Take a part's parameters into training again; statistics follow the data again.

    Raises:
        PathError: The path names nothing.
    """
    for parameter in select_parameters(root, path).values():
        parameter.requires_grad_(True)
    for norm in _norms_at(root, path):
        norm.held = False  # type: ignore[assignment]
        norm.train(root.training)


def is_frozen(root: nn.Module, path: str) -> bool:
    """Whether nothing that a path names trains.

    Raises:
        PathError: The path names nothing.
    """
    return not any(parameter.requires_grad for parameter in select_parameters(root, path).values())


def hold_still(modules: Iterable[nn.Module]) -> None:
    """After a change of mode: held normalisation layers go on with the statistics they have."""
    for module in modules:
        if getattr(module, "held", False):
            module.training = False


def _norms_at(root: nn.Module, path: str) -> Iterator[nn.Module]:
    """The layers that a path names, or that lie below it, and that keep running statistics."""
    for name, module in root.named_modules():
        if getattr(module, "running_mean", None) is not None and matches(name, path):
            yield module
