"""What an untagged module is called: its component's name, and a number."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any, final

from attrs import define, field
from flodl_core import components
from torch import nn

from flodl_graph.part import name_of


def component_name(part: Callable[..., Any]) -> str:
    """The component's name of a live module: the registry's for a built-in class, else the class in snake case.

    >>> component_name(nn.Linear(2, 2)), component_name(lambda x: x)
    ('linear', 'function')
    """
    if not isinstance(part, nn.Module):
        name = name_of(part)
        return snake_case(name) if name.isidentifier() else "function"
    known = components.builtin_class("module", type(part))
    return known.name if known else snake_case(type(part).__name__)


def snake_case(name: str) -> str:
    """`SwiGLUBlock` as `swi_glu_block`.

    >>> snake_case("SwiGLUBlock")
    'swi_glu_block'
    """
    words = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name))
    return identifier(re.sub(r"_+", "_", words).strip("_").lower())


def identifier(name: str) -> str:
    """A name that Python and dotted paths take, whatever somebody called their class.

    >>> identifier("my layer.2"), identifier("<>")
    ('my_layer_2', 'module')
    """
    if name.isidentifier():
        return name
    plain = re.sub(r"\W+", "_", name).strip("_")
    return plain if plain.isidentifier() else "module"


@final
@define
class Counters:
    """Numbers per component, from 1. A tagged node uses up its number: a tag renames its own node only."""

    _used: Counter[str] = field(factory=Counter)

    def next(self, component: str) -> str:
        """`component_n`."""
        component = identifier(component)
        self._used[component] += 1
        return f"{component}_{self._used[component]}"
