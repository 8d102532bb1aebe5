"""Has a model changed since the last look? Asked at every step, so it must cost next to nothing."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from operator import is_
from typing import Any, final

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
        places = self._now()
        if places == self._places:
            return False
        self._places = places
        return True

    def modes(self) -> tuple[bool, ...]:
        """Which modules are in training mode, in the model's order."""
        return tuple([attributes["training"] for attributes in self._attributes])

    def _look(self) -> None:
        modules = list(self._model.modules())
        self._growing = [table for m in modules for table in (m._parameters, m._modules)]
        self._filled = [table for m in modules for table in (m._parameters, m._modules) if table]
        self._buffers = [module._buffers for module in modules if module._buffers]
        self._size = sum(map(len, self._growing))
        self._values = self._members()
        self._attributes = [module.__dict__ for module in modules]
        self._parameters = [p for p in self._values if isinstance(p, nn.Parameter)] + self._besides
        self._flags = [p.requires_grad for p in self._parameters]
        self._places = self._now()

    def _now(self) -> list[int]:
        """Where the memory of everything is."""
        buffers = [b for table in self._buffers for b in table.values() if b is not None]
        return list(map(Tensor.data_ptr, [*self._parameters, *buffers]))

    def _members(self) -> list[Any]:
        return list(chain.from_iterable([table.values() for table in self._filled]))

    def _same_members(self) -> bool:
        now = self._members()
        return (
            len(now) == len(self._values)
            and sum(map(len, self._growing)) == self._size
            and all(map(is_, now, self._values))
        )
