"""Feed-forward blocks whose hidden values are gated: SwiGLU and its kin."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import final

from flodl_core import ComponentError
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the customary name


class AbstractGatedBlock(nn.Module, ABC):
    """`down(gate(x W) * (x V))`: wide and back, one half of the width deciding about the other.

    Shapes: x [..., dim] -> [..., out].

    Args:
        dim: Size of the last dimension.
        hidden: Width inside; default: 8/3 of `dim`, rounded up, which has as many weights as a plain
            block of width `4 * dim`.
        out: Size of the result; default: `dim`.
        bias: Biases on both layers; the paper has none.
        dropout: Part of the hidden values zeroed while training.

    Raises:
        ComponentError: A size below 1.

    Source:
        Shazeer 2020, "GLU Variants Improve Transformer".
    """

    def __init__(
        self, dim: int, hidden: int | None = None, *, out: int | None = None, bias: bool = False, dropout: float = 0.0
    ) -> None:
        super().__init__()
        hidden = -(-8 * dim // 3) if hidden is None else hidden
        out = dim if out is None else out
        if min(dim, hidden, out) < 1:
            raise ComponentError(f"sizes are at least 1, got dim={dim}, hidden={hidden}, out={out}")
        self.widen = nn.Linear(dim, 2 * hidden, bias=bias)  # both halves in one product
        self.narrow = nn.Linear(hidden, out, bias=bias)
        self.dropout = nn.Dropout(dropout)

    @abstractmethod
    def gate(self, x: Tensor) -> Tensor:
        """What the deciding half goes through."""

    def forward(self, x: Tensor) -> Tensor:
        """Widen, gate, narrow."""
        deciding, passing = self.widen(x).chunk(2, dim=-1)
        return self.narrow(self.dropout(self.gate(deciding) * passing))  # type: ignore[no-any-return]


@final
class SwiGLU(AbstractGatedBlock):
    """A gated feed-forward block with SiLU: `dim` wide in, `hidden` inside, `out` wide out.

    Shapes: x [..., dim] -> [..., out]; `out` is `dim` unless given. Arguments and source: `AbstractGatedBlock`.

    >>> import torch
    >>> SwiGLU(8)(torch.ones(2, 8)).shape
    torch.Size([2, 8])
    """

    def gate(self, x: Tensor) -> Tensor:
        """SiLU."""
        return F.silu(x)


@final
class GEGLU(AbstractGatedBlock):
    """A gated feed-forward block with GELU: `dim` wide in, `hidden` inside, `out` wide out.

    Shapes: x [..., dim] -> [..., out]; `out` is `dim` unless given. Arguments and source: `AbstractGatedBlock`.

    >>> import torch
    >>> GEGLU(8, hidden=4, out=3)(torch.ones(2, 8)).shape
    torch.Size([2, 3])
    """

    def gate(self, x: Tensor) -> Tensor:
        """GELU."""
        return F.gelu(x)


@final
class ReGLU(AbstractGatedBlock):
    """A gated feed-forward block with ReLU: `dim` wide in, `hidden` inside, `out` wide out.

    Shapes: x [..., dim] -> [..., out]; `out` is `dim` unless given. Arguments and source: `AbstractGatedBlock`.

    >>> import torch
    >>> ReGLU(8)(torch.ones(2, 8)).shape
    torch.Size([2, 8])
    """

    def gate(self, x: Tensor) -> Tensor:
        """ReLU."""
        return F.relu(x)
