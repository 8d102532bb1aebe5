"""Attention, batch first, on torch's fused kernels; heads may share keys and values in groups."""

from __future__ import annotations

import math
from typing import Any, final

import torch
from flodl_core import ComponentError, ShapeError
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the customary name

from flodl_nn.modules.rotary import RotaryEmbedding

# B batch, T tokens that ask, S tokens that answer, H heads, G groups of heads, D size of a head


class AbstractAttention(nn.Module):
    """Queries from `x`, keys and values from `context`, mixed head by head."""

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        groups: int,
        *,
        context_dim: int | None,
        bias: bool,
        dropout: float,
        causal: bool,
        rotary: bool,
    ) -> None:
        super().__init__()
        _check_sizes(embed_dim, num_heads, groups)
        if not 0.0 <= dropout < 1.0:
            raise ComponentError(f"dropout is a probability below 1, got {dropout}")
        self.embed_dim, self.num_heads, self.groups = embed_dim, num_heads, groups
        self.dropout, self.causal = dropout, causal
        size = embed_dim // num_heads
        source = embed_dim if context_dim is None else context_dim
        if source < 1:
            raise ComponentError(f"context_dim is at least 1, got {context_dim}")
        self.q_proj = nn.Linear(embed_dim, embed_dim, bias=bias)
        self.k_proj = nn.Linear(source, groups * size, bias=bias)
        self.v_proj = nn.Linear(source, groups * size, bias=bias)
        self.out_proj = nn.Linear(embed_dim, embed_dim, bias=bias)
        self.rotary = RotaryEmbedding(size) if rotary else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weights Xavier uniform, each projection for itself, biases 0."""
        for layer in (self.q_proj, self.k_proj, self.v_proj, self.out_proj):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)

    def forward(
        self,
        x: Tensor,
        context: Tensor | None = None,
        mask: Tensor | None = None,
        *,
        wanted: tuple[str, ...] = (),
    ) -> Any:
        """Mix what the tokens of `context` hold for each token of `x`.

        Shapes: x [B, T, embed_dim], context [B, S, context_dim] -> [B, T, embed_dim].

        Args:
            x: Tokens that ask.
            context: Tokens that answer; default: `x` itself.
            mask: `[T, S]`, `[B, T, S]` (or `[B, 1, S]` for padding) or `[B, H, T, S]`. Boolean: True
                where a token may be attended to, as in `scaled_dot_product_attention`; floating:
                added to the scores. A token that may attend to nothing gets zeros.
            wanted: `("weights",)`: return the weights [B, H, T, S] as well, which the fused kernels never hold.

        Raises:
            ShapeError: `x` is not [B, T, embed_dim], or the mask is no mask.
        """
        if x.dim() != 3 or x.shape[-1] != self.embed_dim:
            raise ShapeError(
                f"attention takes [batch, tokens, {self.embed_dim}], got {list(x.shape)}",
                mend="batch first; one token per row",
            )
        context = x if context is None else context
        queries = self._heads(self.q_proj(x), self.num_heads)  # [B, H, T, D]
        keys = self._heads(self.k_proj(context), self.groups)  # [B, G, S, D]
        values = self._heads(self.v_proj(context), self.groups)
        if self.rotary is not None:
            queries, keys = self.rotary(queries), self.rotary(keys)
        if wanted:
            mixed, weights = self._spelled_out(queries, keys, values, mask)
            return self._joined(mixed), weights
        return self._joined(self._fused(queries, keys, values, mask))

    def _fused(self, queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
        """By torch's kernels, which never hold the weights. Shapes: -> [B, H, T, D]."""
        plain_causal = self.causal and mask is None
        if mask is not None:
            mask = _four_dimensional(mask, queries.dtype)
            mask = _and_causal(mask, queries.shape[-2], keys.shape[-2]) if self.causal else mask
        return F.scaled_dot_product_attention(
            queries,
            keys,
            values,
            attn_mask=mask,
            dropout_p=self.dropout if self.training else 0.0,
            is_causal=plain_causal,
            enable_gqa=self.groups != self.num_heads,
        )

    def _spelled_out(self, queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """The same in steps, with the weights before dropout. Shapes: [B, H, T, D], [B, H, T, S]."""
        repeats = self.num_heads // self.groups
        keys, values = keys.repeat_interleave(repeats, 1), values.repeat_interleave(repeats, 1)
        scores = queries @ keys.transpose(-2, -1) / math.sqrt(queries.shape[-1])  # [B, H, T, S]
        if mask is not None:
            mask = _four_dimensional(mask, scores.dtype)
            scores = scores.masked_fill(~mask, -torch.inf) if mask.dtype is torch.bool else scores + mask
        if self.causal:
            later = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1)
            scores = scores.masked_fill(later, -torch.inf)
        weights = _softmax(scores)
        return F.dropout(weights, self.dropout, self.training).to(values.dtype) @ values, weights

    def extra_repr(self) -> str:
        """Sizes and switches, for `print(model)`."""
        return f"{self.embed_dim}, {self.num_heads}, groups={self.groups}, causal={self.causal}"

    def _heads(self, x: Tensor, heads: int) -> Tensor:
        split: Tensor = x.unflatten(-1, (heads, -1))
        return split.transpose(1, 2)

    def _joined(self, mixed: Tensor) -> Tensor:
        """Heads side by side again, and mixed. Shapes: [B, H, T, D] -> [B, T, H * D]."""
        return self.out_proj(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]


@final
class MultiheadAttention(AbstractAttention):
    """Attention in several heads, each with keys and values of its own.

    Unlike `torch.nn.MultiheadAttention`: batch first, one result, keys and values both from
    `context`, and a boolean mask says what *may* be attended to.

    Args:
        embed_dim: Size of a token.
        num_heads: Heads; must divide `embed_dim`.
        context_dim: Size of a context token; default: `embed_dim`.
        bias: Biases on the four projections.
        dropout: Part of the attention weights zeroed while training.
        causal: No token attends to a later one.
        rotary: Turn queries and keys by their places.

    Raises:
        ComponentError: Sizes that do not divide, or a dropout that is no probability.

    Source:
        Vaswani et al. 2017, "Attention Is All You Need", section 3.2.

    >>> MultiheadAttention(8, 2)(torch.ones(1, 5, 8)).shape
    torch.Size([1, 5, 8])
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        *,
        context_dim: int | None = None,
        bias: bool = True,
        dropout: float = 0.0,
        causal: bool = False,
        rotary: bool = False,
    ) -> None:
        super().__init__(
            embed_dim,
            num_heads,
            num_heads,
            context_dim=context_dim,
            bias=bias,
            dropout=dropout,
            causal=causal,
            rotary=rotary,
        )


@final
class GroupedQueryAttention(AbstractAttention):
    """Attention whose heads share keys and values, `num_heads / groups` of them at a time.

    Fewer keys and values to compute and to keep; `groups=1` is multi-query attention.

    Args:
        embed_dim: Size of a token.
        num_heads: Heads; must divide `embed_dim`.
        groups: Sets of keys and values; must divide `num_heads`.
        context_dim: Size of a context token; default: `embed_dim`.
        bias: Biases on the four projections.
        dropout: Part of the attention weights zeroed while training.
        causal: No token attends to a later one.
        rotary: Turn queries and keys by their places.

    Raises:
        ComponentError: Sizes that do not divide, or a dropout that is no probability.

    Source:
        Ainslie et al. 2023, "GQA: Training Generalized Multi-Query Transformer Models from
        Multi-Head Checkpoints".

    >>> GroupedQueryAttention(8, 4, groups=2)(torch.ones(1, 5, 8)).shape
    torch.Size([1, 5, 8])
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        groups: int,
        *,
        context_dim: int | None = None,
        bias: bool = True,
        dropout: float = 0.0,
        causal: bool = False,
        rotary: bool = False,
    ) -> None:
        super().__init__(
            embed_dim,
            num_heads,
            groups,
            context_dim=context_dim,
            bias=bias,
            dropout=dropout,
            causal=causal,
            rotary=rotary,
        )


def _softmax(scores: Tensor) -> Tensor:
    """Over keys; 0 throughout where none may be attended to, as torch's kernels have it, and not NaN."""
    alone = scores.isneginf().all(-1, keepdim=True)
    return scores.masked_fill(alone, 0.0).softmax(-1).masked_fill(alone, 0.0)


def _check_sizes(embed_dim: int, num_heads: int, groups: int) -> None:
    if num_heads < 1 or embed_dim < 1 or embed_dim % num_heads:
        raise ComponentError(
            f"num_heads must divide embed_dim, got {num_heads} and {embed_dim}", mend="8 heads of 64 are 512"
        )
    if groups < 1 or num_heads % groups:
        raise ComponentError(f"groups must divide num_heads, got {groups} and {num_heads}")


def _four_dimensional(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """The mask as kernels take it: boolean, or added to scores of a dtype."""
    if not (mask.dtype is torch.bool or mask.is_floating_point()):
        raise ShapeError(
            f"a mask is boolean or floating, got {mask.dtype}", mend="mask.bool(): True where attention may go"
        )
    if mask.dtype not in (torch.bool, torch.float32, dtype):  # these go with scores of any type
        mask = mask.to(dtype)
    if mask.dim() == 3:
        return mask.unsqueeze(1)  # the same for all heads
    if mask.dim() not in (2, 4):
        raise ShapeError(f"a mask is [T, S], [B, T, S] or [B, H, T, S], got {list(mask.shape)}")
    return mask


def _and_causal(mask: Tensor, asking: int, answering: int) -> Tensor:
    seen = torch.ones(asking, answering, dtype=torch.bool, device=mask.device).tril()
    return mask & seen if mask.dtype == torch.bool else mask.masked_fill(~seen, float("-inf"))
