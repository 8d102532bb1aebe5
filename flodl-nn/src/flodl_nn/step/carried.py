"""What a model carries from call to call, for a step that evaluates one batch several times."""

from __future__ import annotations

from typing import final

from torch import nn


@final
class CarriedState:
    """The `carried` of every module that has such a dict (a graph does), as it stood.

    Args:
        model: Whose modules are looked at, once.
    """

    def __init__(self, model: nn.Module) -> None:
        modules = [m for m in model.modules() if isinstance(m.__dict__.get("carried"), dict)]
        self._held = [(module, dict(module.__dict__["carried"])) for module in modules]

    def restore(self) -> None:
        """Let the next call find it again."""
        for module, carried in self._held:
            module.__dict__["carried"] = dict(carried)
