"""The ten models in plain PyTorch, layer by layer as floDl's benchmark has them."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn

from flodl_bench.models.size import Size

# B batch, T time, D features, E experts


def block(dim: int, out: int) -> nn.Sequential:
    """Linear, GELU, LayerNorm."""
    return nn.Sequential(nn.Linear(dim, out), nn.GELU(), nn.LayerNorm(out))


@final
class Residual(nn.Module):
    """The stream plus what a body makes of it."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        """Add. Shapes: x [B, D] -> the same."""
        added: Tensor = x + self.body(x)
        return added


@final
class Repeat(nn.Module):
    """The same body, a number of times."""

    def __init__(self, body: nn.Module, times: int) -> None:
        super().__init__()
        self.body, self.times = body, times

    def forward(self, x: Tensor) -> Tensor:
        """Go round. Shapes: x [B, D] -> the same."""
        for _ in range(self.times):
            x = self.body(x)
        return x


@final
class Gate(nn.Module):
    """Every expert, weighed by a router."""

    def __init__(self, dim: int, experts: int) -> None:
        super().__init__()
        self.router = nn.Linear(dim, experts)
        self.experts = nn.ModuleList([block(dim, dim) for _ in range(experts)])

    def forward(self, x: Tensor) -> Tensor:
        """Blend. Shapes: x [B, D] -> the same."""
        weights = self.router(x).softmax(-1)  # [B, E]
        outputs = torch.stack([expert(x) for expert in self.experts], dim=-1)  # [B, D, E]
        blended: Tensor = (outputs * weights.unsqueeze(-2)).sum(-1)
        return blended


@final
class UnrolledGRU(nn.Module):
    """A GRU cell over all positions, one after the other; the last state."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.cell = nn.GRUCell(dim, hidden)

    def forward(self, x: Tensor) -> Tensor:
        """Read the sequence. Shapes: x [B, T, D] -> [B, hidden]."""
        h = x.new_zeros(len(x), self.cell.hidden_size)
        for index in range(x.shape[1]):
            h = self.cell(x.select(1, index), h)
        return h


@final
class LastOfLSTM(nn.Module):
    """Two layers of LSTM; the last position."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(dim, hidden, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        """Read the sequence. Shapes: x [B, T, D] -> [B, hidden]."""
        outputs: Tensor = self.lstm(x)[0]
        return outputs.select(1, -1)


@final
class Positions(nn.Module):
    """A learned vector for each place, added to the token there."""

    def __init__(self, length: int, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(1, length, dim))
        nn.init.normal_(self.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Add. Shapes: x [B, T, D] -> the same."""
        return x + self.weight


@final
class Layer(nn.Module):
    """Post-norm: attention, residual, norm; feed-forward, residual, norm."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.norm_1 = nn.LayerNorm(dim)
        self.feed = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))
        self.norm_2 = nn.LayerNorm(dim)

    def forward(self, x: Tensor) -> Tensor:
        """One layer. Shapes: x [B, T, D] -> the same."""
        x = self.norm_1(x + self.attention(x, x, x, need_weights=False)[0])
        y: Tensor = self.norm_2(x + self.feed(x))
        return y


def mlp(size: Size) -> nn.Module:
    """Four wide blocks."""
    wide = size.of(2048)
    blocks = [block(size.of(1024), wide), *(block(wide, wide) for _ in range(3))]
    return nn.Sequential(*blocks, nn.Linear(wide, size.of(1024)))


def convnet(size: Size) -> nn.Module:
    """Four stages of convolution, and a classifier."""
    parts: list[nn.Module] = []
    before = 3
    for width in map(size.of, (64, 128, 256, 512)):
        parts += [nn.Conv2d(before, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2)]
        before = width
    parts += [nn.Conv2d(before, before, 3, padding=1), nn.BatchNorm2d(before), nn.ReLU()]
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, 100))


def gru_seq(size: Size) -> nn.Module:
    """A GRU cell unrolled over 50 positions, and a head on the last state."""
    return nn.Sequential(UnrolledGRU(size.of(256), size.of(512)), nn.Linear(size.of(512), size.of(256)))


def transformer(size: Size) -> nn.Module:
    """Four layers over 128 tokens of 8192 kinds."""
    dim, kinds = size.of(512), size.of(8192)
    layers = [Layer(dim, 8) for _ in range(4)]
    tokens = (nn.Embedding(kinds, dim), Positions(size.of(128), dim))
    return nn.Sequential(*tokens, *layers, nn.Linear(dim, kinds), nn.Flatten(0, 1))


def lstm_seq(size: Size) -> nn.Module:
    """Two layers of LSTM, and a head on the last position."""
    return nn.Sequential(LastOfLSTM(size.of(256), size.of(512)), nn.Linear(size.of(512), size.of(256)))


def conv_autoenc(size: Size) -> nn.Module:
    """Four convolutions down, four up."""
    parts: list[nn.Module] = []
    widths = [size.of(width) for width in (64, 128, 256, 512)]
    for before, width in zip([3, *widths], widths, strict=False):
        parts += [nn.Conv2d(before, width, 4, 2, 1), nn.BatchNorm2d(width), nn.ReLU()]
    for before, width in zip(widths[::-1], widths[-2::-1], strict=False):
        parts += [nn.ConvTranspose2d(before, width, 4, 2, 1), nn.BatchNorm2d(width), nn.ReLU()]
    return nn.Sequential(*parts, nn.ConvTranspose2d(widths[0], 3, 4, 2, 1), nn.Tanh())


def residual_tower(size: Size) -> nn.Module:
    """Twelve residual blocks."""
    dim = size.of(1024)
    return nn.Sequential(nn.Linear(dim, dim), *(Residual(block(dim, dim)) for _ in range(12)), nn.Linear(dim, dim))


def gated_routing(size: Size) -> nn.Module:
    """Eight experts behind a router."""
    dim = size.of(512)
    return nn.Sequential(nn.Linear(dim, dim), nn.GELU(), Gate(dim, 8), nn.Linear(dim, dim))


def iterative_refine(size: Size) -> nn.Module:
    """One residual block, eight times."""
    return _refined(size.of(1024), 8)


def feedback_fixed(size: Size) -> nn.Module:
    """One residual block, ten times."""
    return _refined(size.of(512), 10)


def _refined(dim: int, times: int) -> nn.Module:
    return nn.Sequential(block(dim, dim), Repeat(Residual(block(dim, dim)), times), nn.Linear(dim, dim))
