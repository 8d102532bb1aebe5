"""A bowl to go down: every parameter has a centre of its own, and sides of its own steepness."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from flodl_core.testing.contracts.check import Subject
from flodl_core.testing.contracts.feed import Feed
from flodl_core.testing.contracts.promise import require

_PARAMETERS = ("f32[3,4]", "f32[4]")  # what one is given unless its example says which inputs fit it


@final
class Bowl:
    """Parameters, and `sum(steepness * (x - centre)^2) / 2`.

    Args:
        subject: Whose example may say which parameters it takes.
        dtype: Of the parameters.
        away: How far from the centre they begin; None: anywhere.
        times: How often there is a parameter of each shape.
    """

    def __init__(
        self, subject: Subject, dtype: torch.dtype = torch.float64, *, away: float | None = None, times: int = 1
    ) -> None:
        feed = Feed.parse([*(subject.example.inputs or _PARAMETERS)] * times)
        starts, self.centres, drawn = (feed.tensors(seed=seed, floating=torch.float64) for seed in (1, 2, 3))
        self.steepness = [0.5 + value.sigmoid() for value in drawn]
        if away is not None:
            starts = [c + away * (s > 0).double() * 2 - away for c, s in zip(self.centres, starts, strict=True)]
        self.starts = starts
        self.parameters = [nn.Parameter(value.to(subject.device, dtype)) for value in starts]
        sides = zip(self.centres, self.steepness, self.parameters, strict=True)
        self._sides = [(c.to(p), s.to(p)) for c, s, p in sides]
        self.sparse = False

    def loss(self) -> Tensor:
        """How high the parameters stand."""
        pairs = zip(self.parameters, self._sides, strict=True)
        return torch.stack([(s * (p - c) ** 2).sum() / 2 for p, (c, s) in pairs]).sum()

    def closure(self) -> Tensor:
        """Gradients afresh, and the loss: what an optimizer may call."""
        for parameter in self.parameters:
            parameter.grad = None
        with torch.enable_grad():
            loss = self.loss()
        loss.backward()
        if self.sparse:
            for parameter in self.parameters:
                parameter.grad = parameter.grad.to_sparse(1) if parameter.grad is not None else None
        return loss.detach()

    def step(self, *optimizers: Optimizer) -> None:
        """Gradients, then a step of each."""
        for optimizer in optimizers:
            if needs_closure(optimizer):
                optimizer.step(lambda: self.closure().item())
        plain = [optimizer for optimizer in optimizers if not needs_closure(optimizer)]
        if plain:
            self.closure()
        for optimizer in plain:
            optimizer.step()

    def values(self) -> list[Tensor]:
        """Where the parameters are."""
        return [parameter.detach().clone() for parameter in self.parameters]


def make(subject: Subject, bowl: Bowl, params: Sequence[Any] | None = None, /, **more: Any) -> Optimizer:
    """A new optimizer for a bowl, or for some of its parameters; a bowl whose gradients it can take."""
    made = subject.make(list(bowl.parameters if params is None else params), **more)
    require(isinstance(made, Optimizer), f"its factory gives a {type(made).__name__}, not a torch.optim.Optimizer")
    optimizer: Optimizer = made
    bowl.sparse = _wants_sparse(subject)
    return optimizer


def needs_closure(optimizer: Optimizer) -> bool:
    """Whether its step evaluates the loss itself."""
    parameter = inspect.signature(type(optimizer).step).parameters.get("closure")
    return parameter is not None and parameter.default is parameter.empty


def _wants_sparse(subject: Subject) -> bool:
    """Whether it refuses dense gradients, as optimizers of embeddings do."""
    weight = nn.Parameter(torch.ones(2, 2, device=subject.device))
    trial = subject.make([weight])
    if needs_closure(trial):
        return False
    weight.grad = torch.ones_like(weight)
    try:
        trial.step()
    except RuntimeError as error:
        if "sparse" not in str(error).lower():
            raise
        return True
    return False
