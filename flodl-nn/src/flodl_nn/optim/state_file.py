"""The layout of floDl's saved optimizer states, read with nothing trusted. See `load_flodl_state`.

All little endian, without a header or names: numbers first, then one or two optional tensors per
parameter, in the order of the parameters, then the groups. Which numbers, the optimizer's kind says.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from math import isfinite
from typing import final

import torch
from attrs import frozen
from flodl_core import CheckpointError
from flodl_core.checkpoint.dtypes import DTYPES
from torch import Tensor

_TAGS = {1: "F16", 2: "BF16", 3: "F32", 4: "F64"}
_TAIL = struct.Struct("<BQ")
_GROUP = struct.Struct("<dqq")
_WIDEST = 8  # bytes of an element, at most


@final
@frozen
class Layout:
    """What an optimizer's file holds.

    Args:
        numbers: Names of the numbers, `before` and `after` the count of parameters; `t` counts steps.
        moments: torch's names of the tensors of each parameter.
        squares: Those of them that cannot be below 0.
    """

    before: tuple[str, ...]
    after: tuple[str, ...]
    moments: tuple[str, ...]
    squares: tuple[str, ...] = ()


@final
@frozen
class Group:
    """A rate, and the parameters `begin` to `end` - 1 that have it."""

    lr: float
    begin: int
    end: int


@final
@frozen
class SavedState:
    """A file as it was read: numbers by name, tensors per parameter (None: there were none yet), groups."""

    numbers: dict[str, float]
    tensors: tuple[dict[str, Tensor | None], ...]
    groups: tuple[Group, ...]


def most_bytes(layout: Layout, shapes: Sequence[torch.Size]) -> int:
    """As long as a file for such parameters can be."""
    head = 4 + 8 * (len(layout.before) + len(layout.after))
    each = sum(1 + 4 + 8 * len(shape) + _TAIL.size + _WIDEST * shape.numel() for shape in shapes)
    return head + len(layout.moments) * each + 4 + _GROUP.size * len(shapes)


def read_state(data: bytes, layout: Layout, shapes: Sequence[torch.Size]) -> SavedState:
    """Read a whole file.

    Args:
        data: Its bytes.
        layout: What it holds.
        shapes: Of the parameters that it must fit.

    Raises:
        CheckpointError: It does not fit, or is damaged; what is wrong with it.
    """
    reader = _Reader(data)
    numbers = {name: reader.number(name) for name in layout.before}
    count = reader.unsigned()
    if count != len(shapes):
        raise CheckpointError(f"it is the state of {count:,} parameters, the optimizer has {len(shapes)}")
    numbers.update({name: reader.steps() if name == "t" else reader.number(name) for name in layout.after})
    tensors = tuple(
        {moment: reader.tensor(f"{moment} of parameter {index}", shape) for moment in layout.moments}
        for index, shape in enumerate(shapes)
    )
    _check_squares(tensors, layout.squares)
    groups = reader.groups(len(shapes))
    reader.expect_end()
    return SavedState(numbers, tensors, groups)


@final
class _Reader:
    """Bytes in order; what is not there is refused before anything is made of it."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def unsigned(self) -> int:
        return int.from_bytes(self._take(4), "little")

    def number(self, name: str) -> float:
        (value,) = struct.unpack("<d", self._take(8))
        if not isfinite(value) or value < 0:
            raise CheckpointError(f"its {name} is {value}")
        return float(value)

    def steps(self) -> int:
        (value,) = struct.unpack("<q", self._take(8))
        if not 0 <= value < 2**53:
            raise CheckpointError(f"it claims {value:,} steps")
        return int(value)

    def tensor(self, what: str, shape: torch.Size) -> Tensor | None:
        (there,) = self._take(1)
        if there == 0:
            return None
        if there != 1:
            raise CheckpointError(f"{what} is marked {there}, neither there (1) nor not (0)")
        if (dimensions := self.unsigned()) != len(shape):
            raise CheckpointError(f"{what} has {dimensions:,} dimensions, the parameter has {len(shape)}")
        sizes = struct.unpack(f"<{dimensions}q", self._take(8 * dimensions))
        if sizes != tuple(shape):
            raise CheckpointError(f"{what} is {list(sizes)}, the parameter is {list(shape)}")
        tag, size = _TAIL.unpack(self._take(_TAIL.size))
        if tag not in _TAGS:
            raise CheckpointError(f"{what} is of type {tag}, which is none of floDl's floating types")
        dtype = DTYPES[_TAGS[tag]]
        if size != shape.numel() * dtype.itemsize:
            raise CheckpointError(f"{what} claims {size:,} bytes, {shape.numel() * dtype.itemsize:,} are due")
        values = torch.frombuffer(bytearray(self._take(size)), dtype=dtype) if size else torch.empty(0, dtype=dtype)
        if not values.isfinite().all():
            raise CheckpointError(f"{what} holds a value that is not finite")
        return values.reshape(shape)

    def groups(self, parameters: int) -> tuple[Group, ...]:
        count = self.unsigned()
        if count > parameters:
            raise CheckpointError(f"it claims {count:,} groups of {parameters} parameters")
        groups, end = [], 0
        for _ in range(count):
            rate = self.number("learning rate of a group")
            first, last = struct.unpack("<qq", self._take(16))
            if first != end or not first <= last <= parameters:
                raise CheckpointError(f"a group of it goes from parameter {first:,} to {last:,}")
            groups.append(Group(rate, first, last))
            end = last
        return tuple(groups)

    def expect_end(self) -> None:
        if left := len(self._data) - self._at:
            raise CheckpointError(f"{left:,} bytes follow after its end")

    def _take(self, size: int) -> bytes:
        left = len(self._data) - self._at
        if size > left:
            raise CheckpointError(f"it is cut short: {size:,} bytes are due, {left:,} are left")
        self._at += size
        return self._data[self._at - size : self._at]


def _check_squares(tensors: Sequence[dict[str, Tensor | None]], squares: Sequence[str]) -> None:
    for index, held in enumerate(tensors):
        for moment in squares:
            value = held[moment]
            if value is not None and bool((value < 0).any()):
                raise CheckpointError(f"{moment} of parameter {index} holds a value below 0")
