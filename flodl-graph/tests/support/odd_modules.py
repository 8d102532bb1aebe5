"""Modules with references, several outputs or odd shapes, by name: what random flows are written with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from flodl_core import ModuleSpec, hookimpl
from torch import Tensor, nn


class Blend(nn.Module):
    """Needs its reference: without one from a call before, it must be given zeros."""

    def __init__(self) -> None:
        super().__init__()
        self.share = nn.Parameter(torch.tensor(0.3))

    def forward(self, x: Tensor, other: Tensor) -> Tensor:
        return torch.tanh(x) * self.share + torch.sin(other)


class Recall(nn.Module):
    """Has a beginning of its own, which is not what zeros would give."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.begin = nn.Parameter(torch.randn(width))

    def forward(self, x: Tensor, other: Tensor | None = None) -> Tensor:
        return torch.tanh(x + (self.begin if other is None else other))


class Scalar(nn.Module):
    """One number for all: it broadcasts against anything."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.sin(x.mean())


class Halves(NamedTuple):
    """Two results by name."""

    value: Tensor
    weight: Tensor


class Pair(nn.Module):
    """Always makes both of its outputs."""

    def forward(self, x: Tensor) -> Halves:
        return Halves(torch.tanh(x), torch.sigmoid(x))


class Asked(nn.Module):
    """Makes the further output only when it is wanted."""

    def forward(self, x: Tensor, *, wanted: tuple[str, ...] = ()) -> Halves:
        return Halves(torch.sin(x), torch.cos(x)) if wanted else torch.sin(x)  # type: ignore[return-value]


@hookimpl
def flodl_modules() -> Iterator[ModuleSpec]:
    for name in ("Blend", "Recall", "Scalar", "Pair", "Asked"):
        yield ModuleSpec(name=name.lower(), target=f"odd_modules:{name}", summary=name)


def negation():
    """A factory of an op."""
    return torch.neg
