"""`map(m)`: the same module for each element, each slice, or a tagged value."""

from __future__ import annotations

from typing import Any, ClassVar, final

import torch
from attrs import frozen
from flodl_core import BuildError, ShapeError
from torch import Tensor, nn

from flodl_graph.ir.node import AbstractNode, Part, Sketch
from flodl_graph.part import as_module

# B batch, S slices, D features


@final
class MapModule(nn.Module):
    """A body, applied to the elements of the batch one by one, or to slices of the features.

    Args:
        slices: How many slices the last dimension is cut into; None: the elements of the first dimension.
        batched: Give the body everything at once. It must then treat rows alike, which only the user can know.
    """

    def __init__(self, body: Part, slices: int | None, *, batched: bool) -> None:
        super().__init__()
        self.body = as_module(body)
        self.slices, self.batched = slices, batched

    def forward(self, x: Tensor, **refs: Tensor) -> Tensor:
        """Map. Shapes: [B, ...] -> [B, ...]; with slices [..., S * D] -> [..., S * D'].

        Raises:
            ShapeError: The last dimension cannot be cut into so many slices.
        """
        return self._each(x, **refs) if self.slices is None else self._sliced(x, self.slices, **refs)

    def _each(self, x: Tensor, **refs: Tensor) -> Tensor:
        if self.batched or len(x) == 0:
            made: Tensor = self.body(x, **refs) if len(x) else x
            return made
        return torch.cat([self.body(element, **refs) for element in torch.split(x, 1)])

    def _sliced(self, x: Tensor, slices: int, **refs: Tensor) -> Tensor:
        if x.dim() < 2 or x.shape[-1] % slices:
            raise ShapeError(f"map().slices({slices}) cuts the last dimension evenly, got {tuple(x.shape)}")
        rows = x.reshape(-1, x.shape[-1] // slices)  # [B * S, D]
        made = self._each(rows, **refs)
        return made.reshape(*x.shape[:-1], -1)


@final
@frozen(kw_only=True)
class Map(AbstractNode):
    """The stream becomes what the body makes of each part of it. `using` speaks to the body."""

    word: ClassVar[str] = "map"

    slices: int | None
    batched: bool

    @classmethod
    def from_words(cls, body: Part, slices: int | None = None, batched: bool = False) -> tuple[dict[str, Any], Part]:
        """A body, and how the stream is cut."""
        if slices is not None and (isinstance(slices, bool) or slices < 1):
            raise BuildError(f"map().slices() cuts at least 1 slice, got {slices!r}")
        return {"slices": slices, "batched": batched}, MapModule(body, slices, batched=batched)

    @classmethod
    def addressed(cls, part: Any) -> Part:
        """The body."""
        body: Part = part.body
        return body

    def sketch(self, part: Any) -> Sketch:
        """A parallelogram with the body inside."""
        return Sketch("map", "parallelogram", (Sketch(type(part.body).__name__),))
