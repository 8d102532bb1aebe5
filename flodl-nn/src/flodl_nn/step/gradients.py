"""Gradients as places that a recorded step fills."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, final

import torch
from flodl_core.capture import AbstractSlots
from torch import Tensor

from flodl_nn.step.parts import TrainedParts


@final
class GradientSlots(AbstractSlots):
    """`parameter.grad` of everything that is trained.

    Args:
        parts: What that is.
        persist: Do gradients last longer than a step? In a window they do.
    """

    def __init__(self, parts: TrainedParts, *, persist: bool) -> None:
        self._parts, self._persist = parts, persist
        self._own: dict[Hashable, Tensor] = {}

    @property
    def persist(self) -> bool:
        """As it was said."""
        return self._persist

    def read(self) -> dict[Hashable, Tensor]:
        """By the parameter's place among those trained."""
        return {index: p.grad for index, p in enumerate(self._parts.trained) if p.grad is not None}

    def write(self, bindings: Mapping[Any, Tensor]) -> None:
        """Gradients are the step's own: no copies."""
        for index, parameter in enumerate(self._parts.trained):
            parameter.grad = bindings.get(index)

    def name(self, place: Any) -> str:
        """By the parameter's name."""
        names = {id(parameter): name for name, parameter in self._parts.named.items()}
        return f"the gradient of {names[id(self._parts.trained[place])]}"

    def own(self, place: Hashable, like: Tensor) -> Tensor:
        """One for all recordings: a window adds to it where it is."""
        if place not in self._own:
            self._own[place] = torch.empty_like(like, requires_grad=False)
        return self._own[place]

    def holds(self, bindings: Mapping[Any, Tensor]) -> bool:
        """They are bound together, so the first speaks for all; in a window another recording may have added some."""
        first = next(iter(bindings), None)
        if first is None or self._parts.trained[first].grad is not bindings[first]:
            return False
        return not self._persist or self.read().keys() == bindings.keys()
