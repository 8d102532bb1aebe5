"""Has a model changed since the last look? Asked at every step, so it must cost next to nothing."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from operator import is_
from typing import final

from torch import Tensor, nn

from flodl_nn.step.settings import Settings


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
    settings: Settings
    """Modes and other plain values of its modules."""

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
        places = list(map(Tensor.data_ptr, self._in_memory()))
        if places == self._places:
            return False
        self._places = places
        return True

    def swapped(self) -> bool:
        """Are there other modules or parameters than at the last look? Given once. What froze does not count."""
        if self._same_members():
            return False
        self._look()
        return True

    def flags(self) -> tuple[bool, ...]:
        """Which parameters ask for gradients."""
        return tuple([p.requires_grad for p in self._parameters])

    def _look(self) -> None:
        modules = list(self._model.modules())
        self._holding = [m._parameters.values() for m in modules if m._parameters]  # live views
        self._nested = [m._modules.values() for m in modules if m._modules]
        self._buffers = [m._buffers.values() for m in modules if m._buffers]
        self._empty = [table for m in modules for table in (m._parameters, m._modules) if not table]
        self._members, self._modules = list(chain(*self._holding)), list(chain(*self._nested))
        self.settings = Settings(modules)
        self._parameters = [p for p in self._members if p is not None] + self._besides
        self._flags = [p.requires_grad for p in self._parameters]
        self._places = [tensor.data_ptr() for tensor in self._in_memory()]

    def _in_memory(self) -> list[Tensor]:
        return [*self._parameters, *(b for view in self._buffers for b in view if b is not None)]

    def _same_members(self) -> bool:
        now = list(chain(*self._holding))
        return (
            len(now) == len(self._members)
            and all(map(is_, now, self._members))
            and list(chain(*self._nested)) == self._modules  # equal modules are the same
            and not any(self._empty)
        )
