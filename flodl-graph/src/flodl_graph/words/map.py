"""`map(m)`: the same module for each element, each slice, or a tagged value."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar, final

import torch
from attrs import frozen
from flodl_core import BuildError, ShapeError
from torch import Tensor, nn

from flodl_graph.ir.node import AbstractNode, Part
from flodl_graph.ir.sketch import Sketch
from flodl_graph.known import is_known
from flodl_graph.part import as_module, stream_of
from flodl_graph.vectorised import vectorisable, vectorised
from flodl_graph.words.inside import shown

# B batch, S slices, D features


@final
class MapModule(nn.Module):
    """A body, applied to the elements of the batch one by one, or to slices of the features.

    Where that changes nothing but rounding, all elements are computed in one go.

    Args:
        slices: How many slices the last dimension is cut into; None: the elements of the first dimension.
        batched: Give the body everything at once. It must then treat rows alike, which only the user can know.
    """

    def __init__(self, body: Part, slices: int | None, *, batched: bool) -> None:
        super().__init__()
        self.body = as_module(body)
        self.slices, self.batched = slices, batched
        self._must_loop = False  # torch could not vectorise this body

    def forward(self, x: Tensor, **refs: Tensor) -> Tensor:
        """Map. Shapes: [B, ...] -> [B, ...]; with slices [..., S * D] -> [..., S * D'].

        Raises:
            ShapeError: The last dimension cannot be cut into so many slices.
        """
        return self._each(x, **refs) if self.slices is None else self._sliced(x, self.slices, **refs)

    def _each(self, x: Tensor, **refs: Tensor) -> Tensor:
        if self.batched or x.shape[0] == 0:
            made: Tensor = stream_of(self.body(x, **refs))
            return made
        if not is_known(x):  # only shapes are asked for: all elements have one
            return torch.cat([stream_of(self.body(x[:1], **refs))] * len(x))
        if self._must_loop or len(x) == 1 or torch.compiler.is_compiling() or not vectorisable(self.body):
            return self._one_by_one(x, **refs)
        try:
            return vectorised(self.body, x, refs)
        except Exception:  # if it is the user's mistake, the loop raises it as they know it
            made = self._one_by_one(x, **refs)
            self._must_loop = True
            return made

    def _one_by_one(self, x: Tensor, **refs: Tensor) -> Tensor:
        return torch.cat([stream_of(self.body(element, **refs)) for element in torch.split(x, 1)])

    def _sliced(self, x: Tensor, slices: int, **refs: Tensor) -> Tensor:
        if x.dim() < 2 or x.shape[-1] % slices:
            raise ShapeError(f"map().slices({slices}) cuts the last dimension evenly, got {tuple(x.shape)}")
        rows = x.reshape(-1, x.shape[-1] // slices)  # [B * S, D]
        made = self._each(rows, **refs)
        width = -1 if rows.shape[0] else slices * prod(made.shape[1:])  # nothing has any width
        return made.reshape(*x.shape[:-1], width)


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
        """The body, and what it is applied to."""
        over = "each row" if self.slices is None else f"{self.slices} slices"
        how = ", all at once" if self.batched else ""
        return Sketch(f"map over {over}{how}", "parallelogram", "map", (shown(part.body, "body", addressed=True),))
