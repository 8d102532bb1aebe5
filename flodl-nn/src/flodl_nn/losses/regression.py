"""Losses of numbers: robust ones, quantiles, and numbers that come with their own uncertainty."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, final

import torch
from flodl_core import ComponentError, ShapeError
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the customary name

from flodl_nn.losses.reduction import Reduction, check_reduction, reduce
from flodl_nn.losses.targets import check_same, wide


@final
class LogCoshLoss(nn.Module):
    """`log cosh(error)`: quadratic near zero, linear beyond, smooth throughout.

    Shapes: output [...], target the same -> scalar, or [...] with `reduction="none"`.

    Args:
        reduction: `"mean"`, `"sum"` or `"none"`.

    >>> LogCoshLoss()(torch.tensor([1.0]), torch.tensor([0.0]))
    tensor(0.4338)
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction: Reduction = check_reduction(reduction)

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        check_same(output, target)
        error = wide(output) - wide(target)
        return reduce(error + F.softplus(-2.0 * error) - math.log(2.0), self.reduction)


@final
class CharbonnierLoss(nn.Module):
    """`sqrt(error^2 + eps^2)`: the absolute error, smooth at zero.

    Shapes: output [...], target the same -> scalar, or [...] with `reduction="none"`.

    Args:
        eps: Width of the smooth part, in the units of the target; > 0.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Raises:
        ComponentError: `eps` is not positive.

    Source:
        Charbonnier et al. 1994, "Two deterministic half-quadratic regularization algorithms for
        computed imaging".

    >>> CharbonnierLoss(3.0)(torch.tensor([4.0]), torch.tensor([0.0]))
    tensor(5.)
    """

    def __init__(self, eps: float = 1e-3, *, reduction: str = "mean") -> None:
        super().__init__()
        if not eps > 0.0:
            raise ComponentError(f"eps is > 0, got {eps}", mend='for eps 0: "l1"')
        self.eps = eps
        self.reduction: Reduction = check_reduction(reduction)

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        check_same(output, target)
        return reduce(((wide(output) - wide(target)).square() + self.eps**2).sqrt(), self.reduction)


@final
class QuantileLoss(nn.Module):
    """The pinball: its minimum is a quantile of the target; several at once make an interval.

    Shapes: output [B, Q] with target [B] or [B, 1], Q the number of quantiles -> scalar, or [B, Q].

    Args:
        quantiles: From 0 to 1, one for each column of the output.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Raises:
        ComponentError: A quantile is not between 0 and 1.

    Source:
        Koenker and Bassett 1978, "Regression Quantiles".

    >>> QuantileLoss([0.9])(torch.tensor([[0.0]]), torch.tensor([1.0]))
    tensor(0.9000)
    """

    quantiles: Tensor

    def __init__(self, quantiles: Sequence[float] = (0.1, 0.5, 0.9), *, reduction: str = "mean") -> None:
        super().__init__()
        self.register_buffer("quantiles", torch.tensor(_levels(quantiles)), persistent=False)
        self.reduction: Reduction = check_reduction(reduction)

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        items = target.numel()
        if output.shape != (items, len(self.quantiles)) or target.shape not in ((items,), (items, 1)):
            raise ShapeError(
                f"{len(self.quantiles)} quantiles need outputs [B, {len(self.quantiles)}] and targets [B],"
                f" got {list(output.shape)} and {list(target.shape)}"
            )
        error = wide(target).reshape(-1, 1) - wide(output)  # [B, Q]
        quantiles = self.quantiles.to(error.dtype)
        return reduce(torch.maximum(quantiles * error, (quantiles - 1.0) * error), self.reduction)


@final
class GaussianNLLLoss(nn.Module):
    """A mean and a variance, judged by how likely they make the target.

    torch's `gaussian_nll_loss`, with what the model gives first: mean, variance, then the target. A
    variance below `eps` counts as `eps`, a negative one too: to refuse it, as torch does, would wait
    for the device at every step.

    Shapes: mean [..., D], variance the same, or [..., 1] or [...] for one per row, or what broadcasts
    over it, target as mean -> scalar.

    Args:
        full: Add the constant term.
        eps: Least variance.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Source:
        Nix and Weigend 1994, "Estimating the mean and variance of the target probability
        distribution".

    >>> GaussianNLLLoss()(torch.zeros(1), torch.ones(1), torch.ones(1))
    tensor(0.5000)
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__()
        if not eps > 0.0:
            raise ComponentError(f"eps is > 0, got {eps}")
        self.full, self.eps = full, eps
        self.reduction: Reduction = check_reduction(reduction)

    def forward(self, mean: Tensor, variance: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        check_same(mean, target)
        mean, variance, target = wide(mean), wide(variance), wide(target)
        variance = _variance_of(mean, variance).clamp_min(self.eps)
        values = 0.5 * (variance.log() + (mean - target).square() / variance)
        return reduce(values + 0.5 * math.log(2.0 * math.pi) if self.full else values, self.reduction)


def _levels(quantiles: Any) -> list[float]:
    try:
        levels = [float(q) for q in quantiles]
    except (TypeError, ValueError):
        levels = []
    if not levels or not all(0.0 < q < 1.0 for q in levels):
        raise ComponentError(
            f"quantiles are between 0 and 1, at least one, got {levels or quantiles!r}",
            mend="quantiles=[0.1, 0.5, 0.9]",
        )
    return levels


def _variance_of(mean: Tensor, variance: Tensor) -> Tensor:
    """One per row has the last dimension that it lacks, as in torch."""
    if mean.dim() and variance.shape == mean.shape[:-1]:
        return variance.unsqueeze(-1)
    over = list(reversed(mean.shape))
    for index, size in enumerate(reversed(variance.shape)):
        if index >= len(over) or size not in (1, over[index]):
            raise ShapeError(
                f"a variance is of the mean's shape, or one per row, got {list(mean.shape)} and {list(variance.shape)}"
            )
    return variance
