"""Where a step binds tensors on the host: gradients, state carried from call to call, values kept for reading."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, final

import torch
from torch import Tensor, nn

from flodl_core.capture.refusal import Refusal

Bindings: TypeAlias = "dict[Hashable, Tensor]"


class AbstractSlots(ABC):
    """Places that hold a tensor between two steps. A replay runs no Python, so they are filled for it."""

    @abstractmethod
    def read(self) -> Bindings:
        """What each place holds; empty places are left out."""

    @abstractmethod
    def write(self, bindings: Mapping[Any, Tensor]) -> None:
        """Make the places hold these."""

    @abstractmethod
    def name(self, place: Any) -> str:
        """A place, for messages."""

    @property
    def persist(self) -> bool:
        """Must what a recording leaves here outlast the replays of others?

        Recordings share their memory: what one leaves in it, the next may overwrite. What persists is
        copied out, into tensors of `own`.
        """
        return True

    def own(self, place: Hashable, like: Tensor) -> Tensor:
        """A tensor outside the memory of recordings, through which they read and leave what a place holds."""
        return torch.empty_like(like, requires_grad=False)

    def held(self) -> Bindings:
        """What each place holds, cut from the gradients of the step that made it."""
        return {place: t.detach() if t.requires_grad else t for place, t in self.read().items()}

    def holds(self, bindings: Mapping[Any, Tensor]) -> bool:
        """Do they hold these already? May look at one place for all, where they are filled together."""
        now = self.read()
        return now.keys() == bindings.keys() and all(now[place] is bindings[place] for place in now)


@final
class ModuleSlots(AbstractSlots):
    """A dict attribute, name to tensor, of every module that has it.

    A graph has two: `carried`, which the next call reads, and `kept`, for whoever looks at the last
    call's values. Any module may.

    Args:
        modules: Where to look; those that have the attribute are found once.
        attribute: Its name.
        persist: As `AbstractSlots.persist`.
    """

    def __init__(self, modules: Sequence[nn.Module], attribute: str, *, persist: bool = True) -> None:
        self._attribute, self._persist = attribute, persist
        self._modules = [m for m in modules if isinstance(m.__dict__.get(attribute), dict)]

    @property
    def persist(self) -> bool:
        """As it was said."""
        return self._persist

    def read(self) -> Bindings:
        """By module and name.

        Raises:
            Refusal: Something else than a tensor is held.
        """
        bindings: Bindings = {}
        for index, module in enumerate(self._modules):
            for name, value in module.__dict__[self._attribute].items():
                if not isinstance(value, Tensor):
                    kind = type(value).__name__
                    raise Refusal(f"{type(module).__name__}.{self._attribute}[{name!r}] is a {kind}, no tensor")
                bindings[index, name] = value
        return bindings

    def write(self, bindings: Mapping[Any, Tensor]) -> None:
        """These and no others: a dict of its own for each module."""
        for index, module in enumerate(self._modules):
            held = {name: value for (place, name), value in bindings.items() if place == index}
            module.__dict__[self._attribute] = held

    def name(self, place: Any) -> str:
        """Module and key."""
        index, key = place
        return f"{type(self._modules[index]).__name__}.{self._attribute}[{key!r}]"


@final
class AttributeSlots(AbstractSlots):
    """Plain attributes of modules that a step was seen to bind to another tensor: `self.hidden = h`."""

    def __init__(self) -> None:
        self._places: list[tuple[nn.Module, str]] = []

    @property
    def places(self) -> set[tuple[nn.Module, str]]:
        """What is looked after."""
        return set(self._places)

    def add(self, places: Iterable[tuple[nn.Module, str]]) -> None:
        """Look after these too."""
        self._places += [place for place in places if place not in self._places]

    def read(self) -> Bindings:
        """By module and name."""
        held = {(id(module), name): module.__dict__.get(name) for module, name in self._places}
        return {place: value for place, value in held.items() if isinstance(value, Tensor)}

    def write(self, bindings: Mapping[Any, Tensor]) -> None:
        """Those that are there; others stay as they are."""
        for module, name in self._places:
            if (id(module), name) in bindings:
                module.__dict__[name] = bindings[id(module), name]

    def name(self, place: Any) -> str:
        """Class and attribute."""
        module = next(module for module, _ in self._places if id(module) == place[0])
        return f"{type(module).__name__}.{place[1]}"
