"""The optimizer: a sign of a mix of gradient and momentum, and weight decay apart from both."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, final, overload

import torch
from flodl_core import ComponentError
from torch import Tensor
from torch.optim import Optimizer


@final
class Lion(Optimizer):
    """Every element moves by `lr`, in the direction of the sign of a mix of gradient and momentum.

        update   = sign(beta1 * m + (1 - beta1) * g)
        weight  -= lr * (update + weight_decay * weight)
        m        = beta2 * m + (1 - beta2) * g

    One state tensor per parameter, where Adam has two. The authors advise a learning rate 3 to 10
    times smaller than AdamW's, with a weight decay larger by as much.

    Args:
        params: Parameters, or groups of them.
        lr: How far each element moves per step; must be > 0.
        betas: How much of the momentum counts in the update, and how much of it is kept; each in [0, 1).
        weight_decay: Decoupled: pulls weights to zero by `lr * weight_decay` of themselves per step.
        maximize: Climb instead of descend.

    Raises:
        ComponentError: A value out of its range.

    Source:
        Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms", algorithm 2. All steps run
        over lists of tensors (foreach), so the number of kernels does not grow with the model.

    >>> weight = torch.nn.Parameter(torch.tensor([1.0, -1.0]))
    >>> optimizer = Lion([weight], lr=0.5)
    >>> weight.grad = torch.tensor([3.0, -0.001])
    >>> optimizer.step()
    >>> weight.detach()
    tensor([ 0.5000, -0.5000])
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]],
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Take in a group, whose options are checked first; torch's own optimizers check only the defaults."""
        _check({**self.defaults, **param_group})
        super().add_param_group(param_group)

    @overload
    def step(self, closure: None = None) -> None: ...

    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Move every parameter that has a gradient.

        Args:
            closure: Evaluates the loss again, with gradients.

        Returns:
            What the closure gave.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for weights in _alike(p for p in group["params"] if p.grad is not None):
                self._move(weights, group)
        return loss

    def _move(self, weights: list[Tensor], group: dict[str, Any]) -> None:
        mix, keep = group["betas"]
        gradients = [p.grad for p in weights if p.grad is not None]
        if group["maximize"]:
            gradients = list(torch._foreach_neg(gradients))
        momenta = [self._momentum(p) for p in weights]
        directions = torch._foreach_lerp(gradients, momenta, mix)
        torch._foreach_sign_(directions)
        torch._foreach_mul_(weights, 1.0 - group["lr"] * group["weight_decay"])
        torch._foreach_mul_(directions, group["lr"])
        torch._foreach_sub_(weights, directions)
        torch._foreach_lerp_(momenta, gradients, 1.0 - keep)

    def _momentum(self, weight: Tensor) -> Tensor:
        state = self.state[weight]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(weight, memory_format=torch.preserve_format)
        momentum: Tensor = state["momentum"]
        return momentum


def _alike(weights: Iterable[Tensor]) -> Iterable[list[Tensor]]:
    """Lists of one device and dtype: what the foreach kernels take at once."""
    lists: dict[tuple[torch.device, torch.dtype], list[Tensor]] = {}
    for weight in weights:
        if weight.grad is not None and weight.grad.is_sparse:
            raise ComponentError("lion takes no sparse gradients", mend="sparse=False in the embedding, or sparseadam")
        if weight.is_complex():
            raise ComponentError("lion moves by signs, which complex numbers have not", mend="adam takes them")
        lists.setdefault((weight.device, weight.dtype), []).append(weight)
    return lists.values()


def _check(options: dict[str, Any]) -> None:
    lr, decay, betas = options["lr"], options["weight_decay"], options["betas"]
    if not _holds(lambda: 0.0 < lr < math.inf):
        raise ComponentError(f"lion: lr is a number > 0, got {lr!r}")
    if not _holds(lambda: 0.0 <= decay < math.inf):
        raise ComponentError(f"lion: weight_decay is a number >= 0, got {decay!r}")
    if not _holds(lambda: len(betas) == 2 and all(0.0 <= beta < 1.0 for beta in betas)):
        raise ComponentError(f"lion: betas are two numbers in [0, 1), got {betas!r}")


def _holds(condition: Callable[[], bool]) -> bool:
    """Asked of what may be no number at all."""
    try:
        return bool(condition())
    except TypeError:
        return False
