"""The adapter itself: two thin matrices whose product is added to a weight."""

from __future__ import annotations

import math
from typing import Any, final

import torch
from flodl_core import ComponentError
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the customary name

# O rows of a weight, R rank, I what a row holds (all further dimensions)


@final
class Adapter(nn.Module):
    """What is learned in place of a weight `W`: `W + (alpha / rank) * up @ down`.

    `up` begins as zeros, so that an adapted layer computes at first what it computed before; `down` begins as a
    linear layer's weight does.

    Shapes: for a weight [O, ...] of I = prod(...): up [O, rank], down [rank, ...].

    Args:
        weight: The weight, of which only shape, type and device count.
        rank: Of the update; from 1 to min(O, I).
        alpha: The update's size, over `rank`: so the rank can be changed without a search for another rate.
        dropout: Part of the adapter's input that is zeroed in training, in [0, 1).
        blocks: Several weights stand on top of each other in this one, as queries, keys and values do in
            attention; each has an adapter of this rank: up [O, rank], down [blocks * rank, ...].

    Raises:
        ComponentError: A value out of its range.

    Source:
        Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models", section 4.1. `down` is drawn as in
        the authors' code (uniform by Kaiming, slope sqrt 5), where the paper says Gaussian.
    """

    instead: Tensor | None

    def __init__(self, weight: Tensor, rank: int, alpha: float, dropout: float, blocks: int = 1) -> None:
        super().__init__()
        _check(weight, rank, alpha, dropout, blocks)
        self.rank, self.alpha, self.dropout, self.blocks = rank, float(alpha), float(dropout), blocks
        rows, *row = weight.shape
        self.down = nn.Parameter(weight.new_empty(blocks * rank, *row, requires_grad=True))
        self.up = nn.Parameter(weight.new_zeros(rows, rank, requires_grad=True))
        self.register_buffer("instead", None, persistent=False)  # a weight to use as it is: see `modes`
        self._trained: tuple[bool, bool] | None = None
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))

    @property
    def scale(self) -> float:
        """`alpha / rank`."""
        return self.alpha / self.rank

    @property
    def merged(self) -> bool:
        """Whether the sum stands in for the adapter, which then does not train."""
        return self._trained is not None

    def delta(self) -> Tensor:
        """The update. Shapes: -> the weight's."""
        up = self.up.unflatten(0, (self.blocks, -1))  # [blocks, O / blocks, R]
        down = self.down.flatten(1).unflatten(0, (self.blocks, -1))  # [blocks, R, I]
        return (torch.bmm(up, down) * self.scale).reshape(self.up.shape[0], *self.down.shape[1:])

    def sum(self, weight: Tensor) -> Tensor:
        """The weight with the update, added in float32 at least. Shapes: the weight's -> the weight's."""
        wide = torch.promote_types(weight.dtype, torch.float32)
        return (weight.to(wide) + self.delta().to(wide)).to(weight.dtype)

    def onto(self, weight: Tensor) -> Tensor:
        """The weight that the layer works with now."""
        return self.sum(weight) if self.instead is None else self.instead

    def dropped(self, x: Tensor) -> Tensor:
        """What of the input reaches the adapter."""
        return F.dropout(x, self.dropout, self.training) if self.dropout else x

    @torch.no_grad()
    def merge(self, weight: Tensor) -> None:
        """From now on use the sum, computed once; the weight stays what it is."""
        with torch.autocast(weight.device.type, enabled=False):
            self._buffers["instead"] = self.sum(weight)
        if self._trained is None:
            self._trained = self.up.requires_grad, self.down.requires_grad
        self.requires_grad_(False)

    def unmerge(self) -> None:
        """Add up anew in each call, and train as before."""
        self._buffers["instead"] = None
        if self._trained is not None:
            self.up.requires_grad_(self._trained[0])
            self.down.requires_grad_(self._trained[1])
            self._trained = None

    def extra_repr(self) -> str:
        """Shown by `print(model)`."""
        said = f"rank={self.rank}, alpha={self.alpha:g}, dropout={self.dropout:g}"
        return said + (f", blocks={self.blocks}" if self.blocks > 1 else "") + (", merged" if self.merged else "")

    def _load_from_state_dict(self, *args: Any, **kwargs: Any) -> None:
        """Other values: a sum of the old ones would be wrong in silence."""
        self.unmerge()
        super()._load_from_state_dict(*args, **kwargs)


def _check(weight: Tensor, rank: Any, alpha: Any, dropout: Any, blocks: int) -> None:
    rows, row = weight.shape[0] // blocks, math.prod(weight.shape[1:])
    most = min(rows, row)
    if isinstance(rank, bool) or not isinstance(rank, int) or rank < 1:
        raise ComponentError(f"rank is a whole number >= 1, got {rank!r}")
    if rank > most:
        raise ComponentError(f"rank {rank} is more than a weight of {rows} x {row} has", mend=f"rank={most} at most")
    if not (isinstance(alpha, int | float) and 0 < alpha < math.inf):
        raise ComponentError(f"alpha is a number > 0, got {alpha!r}")
    if not (isinstance(dropout, int | float) and 0 <= dropout < 1):
        raise ComponentError(f"dropout is a number in [0, 1), got {dropout!r}")
