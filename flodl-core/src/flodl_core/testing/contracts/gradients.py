"""Gradients against finite differences, by what moves: parameters, and inputs that are no labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import torch
from torch import Tensor, nn

from flodl_core.autograd.check import GradientReport, check_gradients
from flodl_core.errors import ContractError
from flodl_core.testing.contracts.check import Skip
from flodl_core.testing.contracts.compare import tensors_of
from flodl_core.testing.contracts.feed import Feed

MOST = 20
"""Elements compared per tensor."""
_STEPS = (1e-6, 1e-5)


@final
class _Fed(nn.Module):
    """A function of what moves: the rest of its inputs stays, and free numbers become what the example says."""

    def __init__(self, function: Callable[..., Any], feed: Feed, device: str, seed: int) -> None:
        super().__init__()
        self.function, self._feed = function, feed
        self._free = feed.draw(seed)
        self._device = device

    @property
    def leaves(self) -> list[Tensor]:
        """What moves."""
        return [f.to(self._device) for s, f in zip(self._feed.slots, self._free, strict=True) if s.moves]

    def forward(self, *leaves: Tensor) -> list[Tensor]:
        """The outputs that depend on what moves; a complex one as two."""
        moving = iter(leaves)
        free = [next(moving) if s.moves else f for s, f in zip(self._feed.slots, self._free, strict=True)]
        inputs = [value.to(self._device) for value in self._feed.shaped(free)]
        wide = [v.double() if v.is_floating_point() else v for v in inputs]
        outputs = list(tensors_of(self.function(*wide)))
        return [torch.view_as_real(value) if value.is_complex() else value for value in outputs]


def require_gradients(function: Callable[..., Any], feed: Feed, device: str, *, seed: int = 0) -> Skip | None:
    """Compare the gradients of a module or a function with central differences in float64.

    A difference counts only where two steps of different size measure the same slope: at a kink they do not, and
    there is no derivative to be right or wrong about.

    Raises:
        ContractError: A gradient is wrong; with its place and both numbers.
    """
    fed = _Fed(function, feed, device, seed)
    leaves = fed.leaves
    parameters = [p for p in fed.parameters() if p.requires_grad]
    if not leaves and not parameters:
        return Skip("it has no floating input and no parameter: nothing to differentiate by")
    if not any(value.requires_grad for value in fed.double()(*(leaf.requires_grad_() for leaf in leaves))):
        return Skip("no output has a gradient: its values are whole numbers or choices")
    fine = check_gradients(fed, *leaves, step=_STEPS[0], most=MOST, seed=seed)
    if not fine.right:
        _require(fine, check_gradients(fed, *leaves, step=_STEPS[1], most=MOST, seed=seed))
    return None


def _require(fine: GradientReport, coarse: GradientReport) -> None:
    slopes = {(m.name, m.index): m.numeric for m in coarse.mismatches}
    for mismatch in fine.mismatches:
        other = slopes.get((mismatch.name, mismatch.index))
        if other is not None and abs(other - mismatch.numeric) <= 1e-3 * (1.0 + abs(other)):
            raise ContractError(str(mismatch).removeprefix("function."))
