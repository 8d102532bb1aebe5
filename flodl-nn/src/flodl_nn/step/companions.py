"""Modules besides the model that an objective uses: a teacher, a GAN's other half, the loss itself."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from inspect import getclosurevars, ismethod
from types import FunctionType, ModuleType
from typing import Any, Final, final

from torch import Tensor, nn

from flodl_nn.step.settings import Attribute, Settings
from flodl_nn.step.watch import ModelWatch

_DEPTH: Final = 4  # a method's object, its list, a function in it, that function's closure
_MANY: Final = 1000  # what is longer is data
_OURS: Final = ("torch.", "flodl_")
_WITHIN: Final = ("plain", "loss", "model")
"""Where objects of torch and flodl have modules that an objective may use."""


@final
class Companions:
    """What an objective reaches by its closure, its globals, its object. A recording knows their addresses and modes.

    Found when the step is made; a name that is bound to another module later is found by the next proof.

    Args:
        objective: Where to look.
        model: What is no companion, nor are its parts.
    """

    def __init__(self, objective: Callable[..., Any], model: nn.Module) -> None:
        self._watches: list[ModelWatch] = []
        self.modules: dict[str, nn.Module] = {}
        """By names for messages."""
        known = {id(part) for part in model.modules()}
        for name, module in _reached(objective, "", _DEPTH, set()):
            if id(module) not in known and not any(part is model for part in module.modules()):
                known |= {id(part) for part in module.modules()}
                self._watches.append(ModelWatch(module))
                self.modules |= {f"{name}.{path}".rstrip("."): part for path, part in module.named_modules()}

    def tensors(self) -> dict[str, Tensor]:
        """All parameters and buffers, by names for messages."""
        found: dict[str, Tensor] = {}
        for name, module in self.modules.items():
            own = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
            found |= {f"{name}.{key}": tensor for key, tensor in own}
        return found

    def moved(self) -> bool:
        """Is one in other memory than at the last look, or another? Given once."""
        answers = [watch.swapped() | watch.moved() for watch in self._watches]  # each is to look
        return any(answers)

    def look(self) -> frozenset[Attribute]:
        """As `Settings.look`."""
        return frozenset().union(*[settings.look() for settings in self.settings])

    def key(self) -> Hashable:
        """Modes, other settings, and what is frozen."""
        return tuple([(watch.settings.number, watch.flags()) for watch in self._watches])

    @property
    def settings(self) -> list[Settings]:
        """Of each module that was reached."""
        return [watch.settings for watch in self._watches]

    @contextmanager
    def own_work(self) -> Iterator[None]:
        """As `Settings.own_work`."""
        with ExitStack() as blocks:
            for settings in self.settings:
                blocks.enter_context(settings.own_work())
            yield


def _reached(value: Any, name: str, depth: int, seen: set[int]) -> Iterator[tuple[str, nn.Module]]:
    """Modules in a value, with the name that leads to each."""
    if isinstance(value, nn.Module):
        yield name or type(value).__name__, value
    elif depth and id(value) not in seen and not isinstance(value, str | bytes | Tensor | type | ModuleType):
        seen.add(id(value))
        for key, part in _parts(value):
            yield from _reached(part, key, depth - 1, seen)


def _parts(value: Any) -> list[tuple[str, Any]]:
    """What a value leads to, by name."""
    if ismethod(value):
        return [("", value.__func__), *_parts(value.__self__)]
    if isinstance(value, partial):
        return [("", value.func), *(("", part) for part in value.args), *value.keywords.items()]
    if isinstance(value, dict | list | tuple | set):
        named = value.items() if isinstance(value, dict) else (("", part) for part in value)
        return [(str(key), part) for key, part in named] if len(value) <= _MANY else []
    if type(value).__module__.startswith(_OURS):
        return [(name, getattr(value, name)) for name in _WITHIN if hasattr(value, name)]
    if isinstance(value, FunctionType):
        return _of_function(value)
    return list(getattr(value, "__dict__", {}).items())


def _of_function(function: FunctionType) -> list[tuple[str, Any]]:
    if function.__module__ and function.__module__.startswith(_OURS):
        return []
    try:
        found = getclosurevars(function)
    except ValueError:  # a variable that is not bound yet
        return []
    defaults = [("", part) for part in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())]
    return [*found.nonlocals.items(), *found.globals.items(), *defaults]
