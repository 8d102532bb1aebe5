"""Adapted layers: torch's own, whose `weight` is the one they work with, and whose forward takes the short way.

A layer becomes one by changing its class, as `torch.nn.utils.parametrize` does: it stays the same object, at the
same path, with the same parameters under the same names, hooks and all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, cast, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the customary name
from torch.nn.modules.linear import NonDynamicallyQuantizableLinear

from flodl_lora.adapter import Adapter


def effective(name: str) -> Any:
    """A weight as whoever reads it must see it: with the update.

    torch reads weights past `forward` in attention, and in the fast path of its transformer layers.
    """

    def read(layer: nn.Module) -> Tensor:
        weight = layer._parameters.get(name)
        if weight is None:
            raise AttributeError(f"{type(layer).__name__!r} object has no attribute {name!r}")
        lora = cast("Adapter | None", layer._modules.get("lora"))
        return weight if lora is None else lora.onto(weight)

    return property(read)


class AbstractAdapted(nn.Module):
    """A layer with an adapter, `lora`."""

    lora: Adapter
    adapts: ClassVar[str] = "weight"
    """The parameter that the adapter is for."""
    blocks: ClassVar[int] = 1
    """How many weights stand on top of each other in it."""
    drops: ClassVar[bool] = True
    """Whether the layer's input can be dropped for the adapter alone."""

    @property
    def base(self) -> Tensor:
        """The weight without the update."""
        weight = self._parameters[self.adapts]
        assert weight is not None  # what has none is not adapted
        return weight


@final
class LoraLinear(AbstractAdapted, nn.Linear):
    """A linear layer that stays as it is, and a low-rank adapter that learns beside it.

    `y = W x + b + (alpha / rank) * up (down (dropout (x)))`, at first just `W x + b`.

    Shapes: [..., in_features] -> [..., out_features].

    Args:
        in_features: Of the input.
        out_features: Of the output.
        bias: Whether there is a bias; frozen, too.
        rank: Of the adapter, at most `min(in_features, out_features)`.
        alpha: The update's size, over `rank`.
        dropout: Part of the adapter's input that is zeroed in training.

    Raises:
        ComponentError: A value out of its range.

    Source:
        Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models", equation 3.

    >>> layer = LoraLinear(8, 6, rank=2)
    >>> [name for name, parameter in layer.named_parameters() if parameter.requires_grad]
    ['lora.down', 'lora.up']
    >>> sorted(layer.state_dict())
    ['bias', 'lora.down', 'lora.up', 'weight']
    """

    weight = effective("weight")

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        rank: int = 8,
        alpha: float = 16.0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(in_features, out_features, bias)
        self.requires_grad_(False)
        self.lora = Adapter(self.base, rank, alpha, dropout)

    def forward(self, input: Tensor) -> Tensor:
        """The layer, and the adapter beside it."""
        lora = self.lora
        if lora.instead is not None:
            return F.linear(input, lora.instead, self.bias)
        narrow = F.linear(lora.dropped(input), lora.down)  # [..., R]
        return F.linear(input, self.base, self.bias) + F.linear(narrow * lora.scale, lora.up)


class AbstractLoraConv(AbstractAdapted):
    """A convolution with an adapter: one like it of `rank` channels, then one of size 1."""

    join: ClassVar[Callable[..., Tensor]]
    bias: Tensor | None
    groups: int
    _conv_forward: Callable[[Tensor, Tensor, Tensor | None], Tensor]

    def forward(self, input: Tensor) -> Tensor:
        """The layer, and the adapter beside it. Each group of channels has the same `down`."""
        lora = self.lora
        if lora.instead is not None:
            return self._conv_forward(input, lora.instead, self.bias)
        kernel = lora.down.shape[2:]
        down = lora.down.repeat(self.groups, 1, *(1 for _ in kernel))  # [G * R, I / G, *kernel]
        up = lora.up.reshape(*lora.up.shape, *(1 for _ in kernel))  # [O, R, 1, ...]
        narrow = self._conv_forward(lora.dropped(input), down, None)
        wide = type(self).join(narrow * lora.scale, up, groups=self.groups)
        return self._conv_forward(input, self.base, self.bias) + wide


@final
class LoraConv1d(AbstractLoraConv, nn.Conv1d):
    """A convolution in one dimension with an adapter. Shapes: those of `torch.nn.Conv1d`."""

    weight = effective("weight")
    join = staticmethod(torch.conv1d)


@final
class LoraConv2d(AbstractLoraConv, nn.Conv2d):
    """A convolution in two dimensions with an adapter. Shapes: those of `torch.nn.Conv2d`."""

    weight = effective("weight")
    join = staticmethod(torch.conv2d)


@final
class LoraConv3d(AbstractLoraConv, nn.Conv3d):
    """A convolution in three dimensions with an adapter. Shapes: those of `torch.nn.Conv3d`."""

    weight = effective("weight")
    join = staticmethod(torch.conv3d)


@final
class LoraEmbedding(AbstractAdapted, nn.Embedding):
    """A table with an adapter: `up` is a table of `rank` columns. Shapes: those of `torch.nn.Embedding`."""

    weight = effective("weight")
    drops = False

    def forward(self, input: Tensor) -> Tensor:
        """The row, and what the adapter adds to it."""
        lora = self.lora
        if lora.instead is not None:
            return self._rows(input, lora.instead)
        narrow = self._rows(input, lora.up)  # [..., R]
        return self._rows(input, self.base) + (narrow * lora.scale) @ lora.down

    def _rows(self, index: Tensor, table: Tensor) -> Tensor:
        return F.embedding(
            index, table, self.padding_idx, scale_grad_by_freq=self.scale_grad_by_freq, sparse=self.sparse
        )


@final
class LoraMultiheadAttention(AbstractAdapted, nn.MultiheadAttention):
    """torch's attention with an adapter for each of queries, keys and values; `out_proj` is a layer of its own.

    Shapes: those of `torch.nn.MultiheadAttention`.
    """

    in_proj_weight = effective("in_proj_weight")
    adapts = "in_proj_weight"
    blocks = 3
    drops = False


@final
class LoraProjection(AbstractAdapted, NonDynamicallyQuantizableLinear):
    """The last layer of torch's attention, which reads its weight and never calls it, with an adapter."""

    weight = effective("weight")
    drops = False


ADAPTED: dict[type[nn.Module], type[AbstractAdapted]] = {
    nn.Linear: LoraLinear,
    nn.Conv1d: LoraConv1d,
    nn.Conv2d: LoraConv2d,
    nn.Conv3d: LoraConv3d,
    nn.Embedding: LoraEmbedding,
    nn.MultiheadAttention: LoraMultiheadAttention,
    NonDynamicallyQuantizableLinear: LoraProjection,
}
"""What can be adapted, by its exact class: a subclass may compute something else."""
