"""What a data set promises: map-style, items that are tuples of tensors, the same at every reading."""

from __future__ import annotations

import pickle
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from flodl_core.testing.contracts.check import Check, Subject
from flodl_core.testing.contracts.compare import require_same, tensors_of
from flodl_core.testing.contracts.promise import require

_SOME = 32


def _places(data: Any) -> list[int]:
    """Evenly spread, the last one among them."""
    stride = max(len(data) // _SOME, 1)
    return sorted({*range(0, len(data), stride), len(data) - 1})


def builds(subject: Subject) -> None:
    """It has a length and items."""
    data = subject.make()
    require(hasattr(data, "__len__") and hasattr(data, "__getitem__"), "it is no map-style data set")
    require(len(data) > 0, "it is empty")


def items(subject: Subject) -> None:
    """Tuples of finite tensors of the same types and shapes, input first, target last; the same when read again."""
    data = subject.make()
    first = data[0]
    require(isinstance(first, tuple) and len(first) >= 2, "an item is no tuple of input and target")
    require(all(isinstance(part, Tensor) for part in first), "an item holds something that is no tensor")
    kinds = [(part.dtype, part.shape) for part in first]
    for place in _places(data):
        item = data[place]
        found = [(part.dtype, part.shape) for part in item]
        require(found == kinds, f"item {place} is {found}, item 0 is {kinds}")
        require(all(bool(torch.isfinite(part).all()) for part in item), f"item {place} is not finite")
        require_same(list(item), list(data[place]), f"item {place} read again, part")


def classes(subject: Subject) -> None:
    """Where it names classes, every target is one of them."""
    data = subject.make()
    names = getattr(data, "classes", None)
    if names is None:
        return
    require(len(set(names)) == len(names) > 1, f"its classes are not distinct names: {names}")
    for place in _places(data):
        target = data[place][-1]
        known = not target.is_floating_point() and int(target.min()) >= 0 and int(target.max()) < len(names)
        require(known, f"the target of item {place} is {target.tolist()}, and there are {len(names)} classes")


def repeats(subject: Subject) -> None:
    """Made again, and brought back from bytes, it has the same items."""
    data = subject.make()
    others = {"made again": subject.make(), "unpickled": pickle.loads(pickle.dumps(data))}  # noqa: S301
    for what, other in others.items():
        require(len(data) == len(other), f"{what} it has {len(other)} items instead of {len(data)}")
        for place in _places(data):
            require_same(list(data[place]), list(other[place]), f"{what}, item {place}, part")


def batches(subject: Subject) -> None:
    """A loader stacks its items into batches."""
    data = subject.make()
    size = min(4, len(data))
    batch = list(tensors_of(next(iter(DataLoader(data, batch_size=size)))))
    require([part.shape for part in batch] == [(size, *part.shape) for part in data[0]], "a batch is no stack of items")


SUITE = (
    Check("builds", "Its example has a length and items.", builds),
    Check("items", "Tuples of finite tensors, alike in type and shape, the same when read again.", items),
    Check("classes", "Every target is one of the classes it names.", classes),
    Check("repeats", "Made again, and unpickled, it has the same items.", repeats),
    Check("batches", "A loader stacks its items.", batches),
)
