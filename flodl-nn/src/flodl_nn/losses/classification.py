"""Losses for classes that are rare or hard."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, final

import torch
from flodl_core import ComponentError, ShapeError
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the customary name

from flodl_nn.losses.reduction import Reduction, check_reduction, reduce
from flodl_nn.losses.targets import check_classes, check_same, wide


@final
class FocalLoss(nn.Module):
    """Cross entropy in which what is already right counts little: `-alpha (1 - p)^gamma log p`.

    Shapes: logits [B, C, ...], target i64 [B, ...] -> scalar, or [B, ...] with `reduction="none"`.

    Args:
        alpha: A factor for all, or one per class.
        gamma: How little the easy ones count; 0 is cross entropy.
        ignore_index: Targets that do not count, nor in the mean.
        label_smoothing: Part of the target spread over all classes, in the log term.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Raises:
        ComponentError: A value out of range.

    Source:
        Lin et al. 2017, "Focal Loss for Dense Object Detection".

    >>> FocalLoss(gamma=0.0)(torch.zeros(1, 2), torch.tensor([0]))
    tensor(0.6931)
    """

    alpha: Tensor | None

    def __init__(
        self,
        alpha: float | Sequence[float] | Tensor = 1.0,
        gamma: float = 2.0,
        *,
        ignore_index: int = -100,
        label_smoothing: float = 0.0,
        reduction: str = "mean",
    ) -> None:
        super().__init__()
        _check_gamma(gamma)
        if not 0.0 <= label_smoothing <= 1.0:
            raise ComponentError(f"label_smoothing is from 0 to 1, got {label_smoothing}")
        self.register_buffer("alpha", _per_class(alpha), persistent=False)
        self.scale = float(alpha) if self.alpha is None else 1.0  # type: ignore[arg-type]  # a number then
        self.gamma, self.ignore_index, self.label_smoothing = gamma, ignore_index, label_smoothing
        self.reduction: Reduction = check_reduction(reduction)

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss.

        Raises:
            ShapeError: The target has no class for each sample, or `alpha` no factor for each class.
        """
        check_classes(logits, target, mend="binary_focal takes targets from 0 to 1, of the logits' shape")
        if self.alpha is not None and len(self.alpha) != logits.shape[1]:
            raise ShapeError(f"alpha has {len(self.alpha)} factors, and the logits {logits.shape[1]} classes")
        log_p = F.log_softmax(wide(logits), dim=1)
        counts = target != self.ignore_index
        known = torch.where(counts, target, 0).long()
        log_pt = log_p.gather(1, known.unsqueeze(1)).squeeze(1)  # [B, ...]
        smooth = self.label_smoothing
        entropy = -log_pt if smooth == 0.0 else -(1.0 - smooth) * log_pt - smooth * log_p.mean(1)
        values = self.scale * _modulated(log_pt, self.gamma) * entropy
        if self.alpha is not None:
            values = values * self.alpha.to(values.dtype)[known]
        values = torch.where(counts, values, torch.zeros_like(values))
        if self.reduction == "mean":
            return values.sum() / counts.sum()
        return reduce(values, self.reduction)


@final
class BinaryFocalLoss(nn.Module):
    """Focal loss of yes-or-no answers, each its own; from logits.

    Shapes: logits [...], target the same, from 0 to 1 -> scalar, or [...] with `reduction="none"`.

    Args:
        alpha: Weight of the positives, `1 - alpha` that of the negatives; None: 1 for both.
        gamma: How little the easy ones count; 0 is binary cross entropy.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Raises:
        ComponentError: A value out of range.

    Source:
        Lin et al. 2017, "Focal Loss for Dense Object Detection".

    >>> BinaryFocalLoss(alpha=None, gamma=0.0)(torch.zeros(1), torch.ones(1))
    tensor(0.6931)
    """

    def __init__(self, alpha: float | None = 0.25, gamma: float = 2.0, *, reduction: str = "mean") -> None:
        super().__init__()
        _check_gamma(gamma)
        if alpha is not None and not 0.0 <= alpha <= 1.0:
            raise ComponentError(f"alpha is from 0 to 1, got {alpha}")
        self.alpha, self.gamma = alpha, gamma
        self.reduction: Reduction = check_reduction(reduction)

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss.

        Raises:
            ShapeError: The target is not of the logits' shape.
        """
        check_same(logits, target)
        logits = wide(logits)
        target = target.to(logits.dtype)
        entropy = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
        p = logits.sigmoid()
        wrong = p + target - 2.0 * p * target  # how far from the target: 1 - p_t
        values = entropy if self.gamma == 0.0 else entropy * wrong.clamp_min(1e-12) ** self.gamma
        if self.alpha is not None:
            values = values * (self.alpha * target + (1.0 - self.alpha) * (1.0 - target))
        return reduce(values, self.reduction)


def _modulated(log_p: Tensor, gamma: float) -> Tensor:
    """`(1 - p)^gamma`, with a finite gradient where p is 1."""
    if gamma == 0.0:
        return torch.ones_like(log_p)
    return (-torch.expm1(log_p)).clamp_min(1e-12) ** gamma


def _per_class(alpha: Any) -> Tensor | None:
    factors = torch.as_tensor(alpha, dtype=torch.get_default_dtype())
    if factors.dim() > 1 or not bool(((factors >= 0.0) & factors.isfinite()).all()):
        raise ComponentError(f"alpha is a factor of at least 0, or one per class, got {alpha}")
    return None if factors.dim() == 0 else factors


def _check_gamma(gamma: float) -> None:
    if not 0.0 <= gamma < math.inf:
        raise ComponentError(f"gamma is at least 0, and finite, got {gamma}")
