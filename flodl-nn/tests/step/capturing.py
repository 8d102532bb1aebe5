"""Models and runs that the tests of captured steps share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from flodl_core import ref
from flodl_nn import TrainStep
from torch import Tensor, nn


class Unrolled(nn.Module):
    """A GRU cell, step by step."""

    def __init__(self) -> None:
        super().__init__()
        self.cell, self.head = nn.GRUCell(8, 16), nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        h = x.new_zeros(len(x), 16)
        for part in x.view(len(x), 4, 8).unbind(1):
            h = self.cell(part, h)
        return self.head(h)


class Recurrent(nn.Module):
    """cuDNN's LSTM."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.head = nn.LSTM(8, 16, 2, batch_first=True), nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.lstm(x.view(len(x), 4, 8))[0][:, -1])


class Attending(nn.Module):
    """An encoder layer over four positions."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, dropout, batch_first=True)
        self.head = nn.Linear(32, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layer(x.view(len(x), 4, 8)).flatten(1))


MODELS: dict[str, Callable[[], nn.Module]] = {
    "mlp": lambda: nn.Sequential(nn.Linear(32, 64), nn.GELU(), nn.LayerNorm(64), nn.Linear(64, 4)),
    "dropout": lambda: nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 4)),
    "convnet": lambda: nn.Sequential(
        nn.Unflatten(1, (2, 4, 4)),
        nn.Conv2d(2, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32, 4),
    ),
    "gru": Unrolled,
    "lstm": Recurrent,
    "transformer": lambda: Attending(0.1),
}


def batch(index: int, device: torch.device, rows: int = 32) -> tuple[Tensor, Tensor]:
    """The same for the same number, wherever it is asked for; targets that can be learned."""
    x = torch.randn(rows, 32, generator=torch.Generator().manual_seed(index))
    return x.to(device), x[:, :4].roll(1, 1).to(device)


def run(
    make: Callable[[], nn.Module], device: torch.device, capture: str, steps: int = 120, **changes: Any
) -> tuple[TrainStep[..., Tensor], Tensor]:
    """A training run with all that happens in one: odd batches, evaluations, epochs. Step and losses."""
    torch.manual_seed(0)
    model = make().to(device)
    step = TrainStep(model, **{"loss": "mse", "optimizer": ref("adam", lr=1e-2), "capture": capture, **changes})
    torch.manual_seed(1)
    losses = list(_train(step, device, steps))
    return step, torch.stack(losses)


def _train(step: TrainStep[..., Tensor], device: torch.device, steps: int) -> Iterator[Tensor]:
    for index in range(steps):
        yield step(*batch(index, device, rows=32 if index % 10 != 9 else 7))
        if index % 15 == 14:
            yield step.evaluate(*batch(index, device))
        if index % 40 == 39:
            step.end_epoch({"val_loss": 1.0})


def same(one: TrainStep[..., Tensor], other: TrainStep[..., Tensor]) -> bool:
    """Are weights, buffers and the optimizer's state equal, bit for bit?"""
    ours, theirs = one.model.state_dict(), other.model.state_dict()
    states = [_moments(step) for step in (one, other)]
    return (
        all(ours[name].equal(theirs[name]) for name in ours)
        and states[0].keys() == states[1].keys()
        and all(states[0][name].equal(states[1][name]) for name in states[0])
    )


def _moments(step: TrainStep[..., Tensor]) -> dict[tuple[str, str], Tensor]:
    entries = step.state_dict()["optimizer"]["state"]
    return {
        (name, key): value.cpu()
        for name, entry in entries.items()
        for key, value in entry.items()
        if isinstance(value, Tensor)
    }


def replays(step: TrainStep[..., Tensor]) -> int:
    """How often anything was replayed."""
    return sum(row.replays for row in step.report().rows)


def train(step: TrainStep[..., Any], device: torch.device, times: int, *more: Any) -> None:
    """So many batches."""
    for index in range(times):
        step(*batch(index, device), *more)
