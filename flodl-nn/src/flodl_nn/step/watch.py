"""Has a model changed since the last look? Asked at every step, so it must cost next to nothing."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from operator import is_
from typing import final

import torch
from torch import Tensor, nn


@final
class ModelWatch:
    """Notices modules and parameters that were swapped, added or removed, and frozen or thawed ones.

    A walk over `model.parameters()` costs a millisecond for 300 layers; this compares identities
    in the modules' own tables, a small part of that.

    Args:
        model: What is watched.
        besides: Tensors outside the model that may freeze and thaw too.
    """

    _places: list[int]

    def __init__(self, model: nn.Module, besides: Iterable[Tensor] = ()) -> None:
        self._model, self._besides = model, list(besides)
        self._look()

    def changed(self) -> bool:
        """Is anything else than at the last look? The answer is given once."""
        if self._same_members() and self._flags == [p.requires_grad for p in self._parameters]:
            return False
        self._look()
        return True

    def moved(self) -> bool:
        """Did a parameter or buffer get other memory, as by `model.to()` or `p.data = ...`? Given once."""
        tensors = self._in_memory()
        if len(tensors) == len(self._places) and _are_at(tensors, self._places):
            return False
        self._places = [tensor.data_ptr() for tensor in tensors]
        return True

    def modes(self) -> tuple[bool, ...]:
        """Which modules are in training mode, in the model's order."""
        return tuple([attributes["training"] for attributes in self._attributes])

    def _look(self) -> None:
        modules = list(self._model.modules())
        tables = [table for module in modules for table in (module._parameters, module._modules)]
        self._views = [table.values() for table in tables if table]  # live: they show what comes and goes
        self._empty = [table for table in tables if not table]
        self._buffers = [module._buffers.values() for module in modules if module._buffers]
        self._values = list(chain.from_iterable(self._views))
        self._attributes = [module.__dict__ for module in modules]
        self._parameters = [p for p in self._values if isinstance(p, nn.Parameter)] + self._besides
        self._flags = [p.requires_grad for p in self._parameters]
        self._places = [tensor.data_ptr() for tensor in self._in_memory()]

    def _in_memory(self) -> list[Tensor]:
        return [*self._parameters, *(b for view in self._buffers for b in view if b is not None)]

    def _same_members(self) -> bool:
        now = list(chain.from_iterable(self._views))
        return len(now) == len(self._values) and all(map(is_, now, self._values)) and not any(self._empty)


def _are_at(tensors: list[Tensor], places: list[int]) -> bool:
    """Is the memory of each tensor where it was? In one call where torch has it, as its own CUDA graphs do."""
    at_once = getattr(torch._C, "_tensors_data_ptrs_at_indices_equal", None)
    if at_once is not None:
        return bool(at_once(tensors, places, list(range(len(places)))))
    return list(map(Tensor.data_ptr, tensors)) == places
