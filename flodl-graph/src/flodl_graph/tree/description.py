"""A module as text: its class, its configuration, the shapes of its own tensors, its children.

Nothing in it depends on values, devices or addresses: the same module made twice reads the same.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from torch import nn

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def descriptions(parts: Mapping[str, nn.Module]) -> dict[str, str]:
    """Each part's text. A module that stands in two places is told once, and then by its first place."""
    told: dict[int, str] = {}
    return {name: "\n".join(_lines(part, str(index), told)) for index, (name, part) in enumerate(parts.items())}


def _lines(module: nn.Module, place: str, told: dict[int, str]) -> Iterator[str]:
    """A module's lines; `place` says where it stands, in numbers, since names do not count."""
    if id(module) in told:
        yield f"shared with {told[id(module)]}"
        return
    told[id(module)] = place
    own = getattr(module, "structure", None)
    if isinstance(own, str):  # a nested graph says itself what it is
        yield "graph"
        yield from (f"  {line}" for line in own.splitlines())
        return
    yield f"{type(module).__name__}({', '.join([*_configuration(module), *_tensors(module)])})"
    for index, (name, child) in enumerate(module.named_children()):
        first, *further = _lines(child, f"{place}.{index}", told)
        yield f"  {name}: {first}"
        yield from (f"  {line}" for line in further)


def _configuration(module: nn.Module) -> list[str]:
    """What the constructor was told, as far as attributes of the same names say; else what the module says of itself.

    `extra_repr` alone would not do: attention does not tell its number of heads.
    """
    held = ((name, vars(module).get(name)) for name in _told(type(module)))
    told = [f"{name}={_plain(value)}" for name, value in held if _is_plain(value)]
    if told:
        return told
    said = " ".join(module.extra_repr().split())
    return [_ADDRESS.sub("", said)] if said else []


def _told(kind: type[Any]) -> tuple[str, ...]:
    try:
        return tuple(inspect.signature(kind).parameters)
    except (ValueError, TypeError):
        return ()


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return all(map(_is_plain, value))
    return isinstance(value, bool | int | float | str) or inspect.isroutine(value)


def _plain(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"({', '.join(map(_plain, value))})"
    return str(value.__name__) if inspect.isroutine(value) else repr(value)


def _tensors(module: nn.Module) -> Iterator[str]:
    """Those that files hold: other buffers are a module's working values, there today and gone tomorrow."""
    passing = module._non_persistent_buffers_set
    kept = ((name, buffer) for name, buffer in module.named_buffers(recurse=False) if name not in passing)
    for name, tensor in chain(module.named_parameters(recurse=False), kept):
        yield f"{name}[{','.join(map(str, tensor.shape))}]"
