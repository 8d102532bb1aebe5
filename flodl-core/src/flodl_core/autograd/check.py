"""Are gradients right? Asked of finite differences, in float64."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from typing import Any, final

import torch
from attrs import frozen
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from flodl_core.errors import TrainingError


@final
@frozen
class GradientMismatch:
    """One element whose gradient is not what finite differences say.

    Args:
        name: `"input 0"`, `"input 1.0"` for the first tensor of a tuple, or the parameter's dotted name.
        index: Where in that tensor.
        analytic: The gradient that backward gave.
        numeric: What finite differences give, in float64.
    """

    name: str
    index: tuple[int, ...]
    analytic: float
    numeric: float

    def __str__(self) -> str:
        return f"{self.name}{list(self.index)}: gradient {self.analytic:.6g}, finite differences {self.numeric:.6g}"


@final
@frozen
class GradientReport:
    """What was compared, and what did not agree.

    Args:
        elements: How many gradients were compared.
        worst: The largest relative difference.
        mismatches: Elements that differ by more than was allowed.
    """

    elements: int
    worst: float
    mismatches: tuple[GradientMismatch, ...] = ()

    @property
    def right(self) -> bool:
        """Do all agree?"""
        return not self.mismatches

    def __str__(self) -> str:
        if self.right:
            return f"{self.elements} gradients agree with finite differences to {self.worst:.1e}"
        return f"{len(self.mismatches)} of {self.elements} gradients are wrong; {self.mismatches[0]}"


def check_gradients(
    function: nn.Module | Callable[..., Any],
    *inputs: Any,
    step: float = 1e-6,
    tolerance: float = 1e-5,
    most: int = 200,
    seed: int = 0,
) -> GradientReport:
    """Compare gradients with central differences, for the inputs and, of a module, for its parameters.

    All outputs count, through one random direction; a module is copied to float64 first and itself
    left alone. Random functions draw the same numbers at each call.

    Args:
        function: A module, or a function of tensors that gives tensors, alone, in tuples or by name.
        inputs: What it is called with. Floating tensors are checked, in tuples too; anything else is passed on.
        step: How far an element is moved to each side.
        tolerance: Difference allowed, relative to `1 + |gradient|`.
        most: Elements checked per tensor, evenly spread; each costs two calls.
        seed: Of the direction, and of what the function draws.

    Raises:
        TrainingError: There is nothing to check, or nothing to check it with.

    >>> print(check_gradients(torch.sin, torch.linspace(0, 1, 5)).right)
    True
    """
    if not (step > 0 and tolerance > 0 and most >= 1):
        raise TrainingError(f"step, tolerance and most are above 0, got {step}, {tolerance} and {most}")
    call = copy.deepcopy(function).double() if isinstance(function, nn.Module) else function
    given = [pytree.tree_map(_as_leaf, value) for value in inputs]
    leaves = {name: leaf for i, value in enumerate(given) for name, leaf in _named(f"input {i}", value)}
    if isinstance(call, nn.Module):
        leaves |= {name: p for name, p in call.named_parameters() if p.requires_grad}
    if not leaves:
        raise TrainingError("there is nothing to check: no floating input and no trainable parameter")
    with torch.random.fork_rng(devices=_devices(leaves)):
        scalar = _Projection(call, given, seed)
        analytic = torch.autograd.grad(scalar(), list(leaves.values()), allow_unused=True, materialize_grads=True)
        with torch.no_grad():
            pairs = [
                GradientMismatch(name, index, own[index].item(), _slope(scalar, leaf, index, step))
                for (name, leaf), own in zip(leaves.items(), analytic, strict=True)
                for index in _some_of(leaf, most)
            ]
    wrong = tuple(pair for pair in pairs if not _difference(pair) <= tolerance)
    return GradientReport(len(pairs), max((_difference(pair) for pair in pairs), default=0.0), wrong)


@final
class _Projection:
    """The function's outputs along one random direction: a scalar that all of them move."""

    def __init__(self, function: Callable[..., Any], inputs: list[Any], seed: int) -> None:
        self._function, self._inputs, self._seed = function, inputs, seed

    def __call__(self) -> Tensor:
        torch.manual_seed(self._seed)
        own = pytree.tree_map_only(Tensor, torch.clone, self._inputs)  # the function may write to what it is given
        outputs = [value for value in pytree.tree_leaves(self._function(*own)) if _is_floating(value)]
        if not any(value.requires_grad for value in outputs) and torch.is_grad_enabled():
            raise TrainingError("there is nothing to check: no output depends on what was given")
        generator = torch.Generator().manual_seed(self._seed)
        directions = [torch.randn(v.shape, generator=generator, dtype=torch.float64) for v in outputs]
        return torch.stack([(v * d.to(v)).sum() for v, d in zip(outputs, directions, strict=True)]).sum()


def _slope(scalar: _Projection, leaf: Tensor, index: tuple[int, ...], step: float) -> float:
    held = leaf[index].clone()
    leaf[index] = held + step
    above = scalar().item()
    leaf[index] = held - step
    below = scalar().item()
    leaf[index] = held
    return (above - below) / (2.0 * step)


def _difference(pair: GradientMismatch) -> float:
    difference = abs(pair.analytic - pair.numeric) / (1.0 + max(abs(pair.analytic), abs(pair.numeric)))
    return math.inf if math.isnan(difference) else difference


def _some_of(leaf: Tensor, most: int) -> Iterator[tuple[int, ...]]:
    stride = max(-(-leaf.numel() // most), 1)
    for flat in range(0, leaf.numel(), stride):
        place = torch.unravel_index(torch.tensor(flat), leaf.shape)
        yield tuple(int(i) for i in place)


def _as_leaf(value: Any) -> Any:
    return value.detach().double().clone().requires_grad_() if _is_floating(value) else value


def _is_floating(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()


def _named(name: str, value: Any) -> Iterator[tuple[str, Tensor]]:
    """The floating tensors of an input, which may be a tuple of them."""
    for place, leaf in enumerate(pytree.tree_leaves(value)):
        if _is_floating(leaf):
            yield name if leaf is value else f"{name}.{place}", leaf


def _devices(leaves: dict[str, Tensor]) -> list[torch.device]:
    return list({leaf.device for leaf in leaves.values() if leaf.device.type == "cuda"})
