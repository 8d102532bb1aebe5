"""Parameter groups from a cascade of paths: options for parts, later ones over earlier ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from flodl_core.paths import matches, select_parameters
from torch import nn

Cascade: TypeAlias = Mapping[str, "float | Mapping[str, Any]"]
"""Path, parameter name or glob to a learning rate, or to a table of optimizer options."""


def param_groups(root: nn.Module, cascade: Cascade) -> list[dict[str, Any]]:
    """Groups as every torch optimizer takes them; frozen parameters left out.

    Each parameter gets the options of all patterns that name it, later ones winning; parameters of
    equal options share a group. What no pattern names comes first, with the optimizer's own options.

    Raises:
        PathError: A pattern names nothing.
    """
    for pattern in cascade:
        select_parameters(root, pattern)
    groups: dict[str, dict[str, Any]] = {}
    for name, parameter in root.named_parameters():
        if parameter.requires_grad:
            options = _options(name, cascade)
            groups.setdefault(repr(sorted(options.items())), {"params": [], **options})["params"].append(parameter)
    return sorted(groups.values(), key=lambda group: len(group) > 1)


def _options(name: str, cascade: Cascade) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for pattern, value in cascade.items():
        if matches(name, pattern):
            merged |= value if isinstance(value, Mapping) else {"lr": value}
    return merged
