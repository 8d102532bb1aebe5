"""floDl's ten benchmark models in plain PyTorch, with their data: sizes as in floDl's own benchmark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

BATCHES = 50  # an epoch


def block(dim: int, out: int | None = None) -> nn.Sequential:
    """Linear, GELU, LayerNorm."""
    out = dim if out is None else out
    return nn.Sequential(nn.Linear(dim, out), nn.GELU(), nn.LayerNorm(out))


class Residual(nn.Module):
    """x + body(x)."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class Repeat(nn.Module):
    """The same body, a number of times."""

    def __init__(self, body: nn.Module, times: int) -> None:
        super().__init__()
        self.body, self.times = body, times

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(self.times):
            x = self.body(x)
        return x


class Gate(nn.Module):
    """Every expert, weighed by a router."""

    def __init__(self, dim: int, experts: int) -> None:
        super().__init__()
        self.router = nn.Linear(dim, experts)
        self.experts = nn.ModuleList([block(dim) for _ in range(experts)])

    def forward(self, x: Tensor) -> Tensor:
        weights = self.router(x).softmax(-1)
        outputs = torch.stack([expert(x) for expert in self.experts], dim=-1)
        return (outputs * weights.unsqueeze(-2)).sum(-1)


class UnrolledGRU(nn.Module):
    """A GRU cell over 50 positions, and a head on the last state."""

    def __init__(self) -> None:
        super().__init__()
        self.cell, self.head = nn.GRUCell(256, 512), nn.Linear(512, 256)

    def forward(self, x: Tensor) -> Tensor:
        h = x.new_zeros(len(x), 512)
        for index in range(x.shape[1]):
            h = self.cell(x.select(1, index), h)
        return self.head(h)


class LastOfLSTM(nn.Module):
    """Two layers of LSTM, and a head on the last position."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.head = nn.LSTM(256, 512, 2, batch_first=True), nn.Linear(512, 256)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.lstm(x)[0][:, -1])


class Layer(nn.Module):
    """Post-norm: attention, residual, norm; feed-forward, residual, norm."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(512, 8, batch_first=True)
        self.feed = nn.Sequential(nn.Linear(512, 2048), nn.GELU(), nn.Linear(2048, 512))
        self.norm_1, self.norm_2 = nn.LayerNorm(512), nn.LayerNorm(512)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm_1(x + self.attention(x, x, x, need_weights=False)[0])
        return self.norm_2(x + self.feed(x))


class Transformer(nn.Module):
    """Four layers over 128 tokens of 8192 kinds."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = nn.Embedding(8192, 512)
        self.positions = nn.Parameter(torch.randn(1, 128, 512))
        self.layers = nn.Sequential(*[Layer() for _ in range(4)])
        self.head = nn.Linear(512, 8192)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layers(self.tokens(x) + self.positions)).flatten(0, 1)


def convolutions() -> nn.Module:
    """Four stages, and a classifier."""
    parts: list[nn.Module] = []
    before = 3
    for width in (64, 128, 256, 512):
        parts += [nn.Conv2d(before, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2)]
        before = width
    parts += [nn.Conv2d(512, 512, 3, padding=1), nn.BatchNorm2d(512), nn.ReLU()]
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 100))


def autoencoder() -> nn.Module:
    """Four convolutions down, four up."""
    parts: list[nn.Module] = []
    for before, width in ((3, 64), (64, 128), (128, 256), (256, 512)):
        parts += [nn.Conv2d(before, width, 4, 2, 1), nn.BatchNorm2d(width), nn.ReLU()]
    for before, width in ((512, 256), (256, 128), (128, 64)):
        parts += [nn.ConvTranspose2d(before, width, 4, 2, 1), nn.BatchNorm2d(width), nn.ReLU()]
    return nn.Sequential(*parts, nn.ConvTranspose2d(64, 3, 4, 2, 1), nn.Tanh())


def mlp() -> nn.Module:
    """Four wide blocks."""
    return nn.Sequential(block(1024, 2048), block(2048), block(2048), block(2048), nn.Linear(2048, 1024))


def tower() -> nn.Module:
    """Twelve residual blocks."""
    residuals = [Residual(block(1024)) for _ in range(12)]
    return nn.Sequential(nn.Linear(1024, 1024), *residuals, nn.Linear(1024, 1024))


def normal(*shape: int) -> Callable[[torch.device], Tensor]:
    """Random numbers of a shape."""
    return lambda device: torch.randn(*shape, device=device)


def tokens(*shape: int) -> Callable[[torch.device], Tensor]:
    """Random tokens of a shape."""
    return lambda device: torch.randint(0, 8192, shape, device=device)


@dataclass(frozen=True)
class Case:
    """A model, its data and how it is trained."""

    make: Callable[[], nn.Module]
    x: Callable[[torch.device], Tensor]
    y: Callable[[torch.device], Tensor] | None  # None: the input itself
    loss: str = "mse"
    lr: float = 1e-3
    search: bool = True  # let cuDNN search for the fastest convolution

    def batches(self, device: torch.device) -> list[tuple[Tensor, Tensor]]:
        """An epoch of data, on the device."""
        inputs = [self.x(device) for _ in range(BATCHES)]
        return [(x, x if self.y is None else self.y(device)) for x in inputs]

    def objective(self) -> Callable[..., Any]:
        """The loss as a function."""
        if self.loss == "mse":
            return functional.mse_loss
        return lambda out, y: functional.cross_entropy(out, y)


def square(rows: int, dim: int) -> dict[str, Any]:
    """Input and target of the same shape."""
    return {"x": normal(rows, dim), "y": normal(rows, dim)}


CASES = {
    "mlp": Case(mlp, **square(256, 1024)),
    "convnet": Case(convolutions, normal(128, 3, 64, 64), normal(128, 100)),
    "gru_seq": Case(UnrolledGRU, normal(128, 50, 256), normal(128, 256), search=False),
    "transformer": Case(Transformer, tokens(32, 128), tokens(32 * 128), "cross_entropy", 1e-4),
    "lstm_seq": Case(LastOfLSTM, normal(128, 50, 256), normal(128, 256), search=False),
    "conv_autoenc": Case(autoencoder, normal(64, 3, 64, 64), None),
    "residual_tower": Case(tower, **square(256, 1024)),
    "gated_routing": Case(
        lambda: nn.Sequential(nn.Linear(512, 512), nn.GELU(), Gate(512, 8), nn.Linear(512, 512)), **square(256, 512)
    ),
    "iterative_refine": Case(
        lambda: nn.Sequential(block(1024), Repeat(Residual(block(1024)), 8), nn.Linear(1024, 1024)),
        **square(256, 1024),
    ),
    "feedback_fixed": Case(
        lambda: nn.Sequential(block(512), Repeat(Residual(block(512)), 10), nn.Linear(512, 512)), **square(128, 512)
    ),
}
