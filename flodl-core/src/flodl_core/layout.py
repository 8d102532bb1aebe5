"""How the Rust framework floDl lays out a module: its name for it, and the names and order of its tensors.

Carried by a module's spec, so that whoever registers a module can say which module of floDl it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import count
from typing import final

from attrs import field, frozen

from flodl_core.errors import ComponentError

_ENTRY = re.compile(r"(?P<name>[^\s=?#]+)(=(?P<key>[^\s=?]+))?(?P<optional>\?)?")


@final
@frozen
class TensorLayout:
    """One tensor of a module.

    Args:
        name: What floDl calls it.
        key: What the module's `state_dict` calls it; a `#` stands for the number of the layer.
        optional: Whether a module may be without it.
    """

    name: str
    key: str
    optional: bool = False


def _words(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value.split()) if isinstance(value, str) else value


def _entries(value: str | tuple[TensorLayout, ...]) -> tuple[TensorLayout, ...]:
    return tuple(_entry(text) for text in value.split()) if isinstance(value, str) else value


def _entry(text: str) -> TensorLayout:
    found = _ENTRY.fullmatch(text)
    if found is None:
        raise ComponentError(f"a layout names tensors as 'name', 'name=key' or 'name?', got {text!r}")
    return TensorLayout(found["name"], found["key"] or found["name"], found["optional"] is not None)


@final
@frozen
class Layout:
    """What floDl calls a module, and its tensors in floDl's order.

    Tensors are listed in a string: `"w_ih=weight_ih_l#"` is called `w_ih` in floDl and `weight_ih_l0`,
    `weight_ih_l1`, ... here, layer by layer; `"bias?"` has one name, and may be absent.

    Args:
        name: floDl's name of the module: what its nodes are numbered with.
        parameters: Its parameters.
        buffers: Its buffers.
        own: Entries that floDl does not have; they stay at home.

    >>> Layout("linear", "weight bias?").parameters[1]
    TensorLayout(name='bias', key='bias', optional=True)
    """

    name: str
    parameters: tuple[TensorLayout, ...] = field(default=(), converter=_entries)
    buffers: tuple[TensorLayout, ...] = field(default=(), converter=_entries)
    own: tuple[str, ...] = field(default=(), converter=_words)

    def pairs(self, tensors: tuple[TensorLayout, ...], keys: Collection[str]) -> Iterator[tuple[str, str]]:
        """FloDl's name and the module's key of every tensor that is there, in floDl's order.

        Args:
            tensors: `layout.parameters` or `layout.buffers`.
            keys: What the module holds.

        Raises:
            ComponentError: It is without a tensor that floDl's always has.
        """
        if any("#" in tensor.key for tensor in tensors):
            for layer in count():
                numbered = [(tensor.name, tensor.key.replace("#", str(layer))) for tensor in tensors]
                if layer and numbered[0][1] not in keys:
                    return
                yield from (self._there(name, key, keys) for name, key in numbered)
        for tensor in tensors:
            if not tensor.optional or tensor.key in keys:
                yield self._there(tensor.name, tensor.key, keys)

    def _there(self, name: str, key: str, keys: Collection[str]) -> tuple[str, str]:
        if key not in keys:
            raise ComponentError(f"floDl's {self.name} always has {name!r}, this one has no {key!r}")
        return name, key
