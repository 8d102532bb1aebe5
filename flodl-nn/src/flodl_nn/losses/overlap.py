"""Losses of overlap, for segmentation: how much of two regions is in common."""

from __future__ import annotations

import math
from typing import final

import torch
from flodl_core import ComponentError, ShapeError
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the customary name

from flodl_nn.losses.targets import check_classes, wide


@final
class TverskyLoss(nn.Module):
    """One minus overlap, where missed and invented pixels weigh differently.

        1 - (TP + smooth) / (TP + alpha FP + beta FN + smooth)

    per class, over the batch and all pixels, then the mean over the classes.

    Shapes: logits [B, C, ...] with target i64 [B, ...]; or logits [B, ...] or [B, 1, ...] with a target
    of the same shape from 0 to 1 -> scalar.

    Args:
        alpha: Weight of false positives.
        beta: Weight of false negatives; above `alpha` nothing is to be missed.
        smooth: Keeps the ratio defined for an empty class.
        gamma: Power of the loss of each class; above 1 the badly found classes weigh more.
        ignore_index: Class targets that do not count.

    Raises:
        ComponentError: A value out of range.

    Source:
        Salehi et al. 2017, "Tversky loss function for image segmentation using 3D fully convolutional
        deep networks"; the power: Abraham and Khan 2019, "A Novel Focal Tversky loss function".

    >>> TverskyLoss()(torch.full((1, 4), 20.0), torch.ones(1, 4)).item() < 1e-6
    True
    """

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        *,
        smooth: float = 1.0,
        gamma: float = 1.0,
        ignore_index: int = -100,
    ) -> None:
        super().__init__()
        if not all(0.0 <= value < math.inf for value in (alpha, beta, smooth)) or not 0.0 < gamma < math.inf:
            raise ComponentError(
                f"weights and smooth are at least 0, gamma above, got {alpha}, {beta}, {smooth}, {gamma}"
            )
        self.alpha, self.beta, self.smooth, self.gamma = alpha, beta, smooth, gamma
        self.ignore_index = ignore_index

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss.

        Raises:
            ShapeError: The target fits neither form.
        """
        p, truth = _by_class(logits, target, self.ignore_index)  # [C, N] each
        hit = (p * truth).sum(1)
        invented, missed = (p * (1.0 - truth)).sum(1), ((1.0 - p) * truth).sum(1)
        found = (hit + self.smooth) / (hit + self.alpha * invented + self.beta * missed + self.smooth)
        lost = 1.0 - found
        return (lost if self.gamma == 1.0 else lost.clamp_min(1e-12) ** self.gamma).mean()


@final
class DiceLoss(nn.Module):
    """One minus the Dice coefficient: twice what is in common, over the sum of both.

    The same as `TverskyLoss` with both weights one half, and its shapes.

    Args:
        smooth: Keeps the ratio defined for an empty class.
        ignore_index: Class targets that do not count.

    Source:
        Milletari et al. 2016, "V-Net: Fully Convolutional Neural Networks for Volumetric Medical Image
        Segmentation", without the squares.

    >>> DiceLoss()(torch.full((1, 4), 20.0), torch.ones(1, 4)).item() < 1e-6
    True
    """

    def __init__(self, *, smooth: float = 1.0, ignore_index: int = -100) -> None:
        super().__init__()
        self.tversky = TverskyLoss(0.5, 0.5, smooth=smooth / 2.0, ignore_index=ignore_index)

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        return self.tversky(logits, target)  # type: ignore[no-any-return]


@final
class JaccardLoss(nn.Module):
    """One minus intersection over union.

    The same as `TverskyLoss` with both weights one, and its shapes.

    Args:
        smooth: Keeps the ratio defined for an empty class.
        ignore_index: Class targets that do not count.

    Source:
        Rahman and Wang 2016, "Optimizing Intersection-Over-Union in Deep Neural Networks for Image
        Segmentation".

    >>> JaccardLoss()(torch.full((1, 4), 20.0), torch.ones(1, 4)).item() < 1e-6
    True
    """

    def __init__(self, *, smooth: float = 1.0, ignore_index: int = -100) -> None:
        super().__init__()
        self.tversky = TverskyLoss(1.0, 1.0, smooth=smooth, ignore_index=ignore_index)

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        return self.tversky(logits, target)  # type: ignore[no-any-return]


def _by_class(logits: Tensor, target: Tensor, ignore_index: int) -> tuple[Tensor, Tensor]:
    """Probabilities and truth, one row per class: of classes by index, or of one yes-or-no answer."""
    logits = wide(logits)
    if target.shape == logits.shape and target.is_floating_point():
        return logits.sigmoid().reshape(1, -1), target.to(logits.dtype).reshape(1, -1)
    yes_or_no = "for yes or no: a floating target of the logits' shape"
    check_classes(logits, target, mend=yes_or_no)
    classes = logits.shape[1]
    if classes == 1:  # whatever it says, its softmax is 1
        raise ShapeError(f"classes are told apart by two logits and more, got {list(logits.shape)}", mend=yes_or_no)
    counts = (target != ignore_index).reshape(1, -1)
    known = torch.where(target == ignore_index, 0, target)
    p = logits.softmax(1).transpose(0, 1).reshape(classes, -1)
    truth = F.one_hot(known.reshape(-1).long(), classes).T.to(p.dtype)
    return p * counts, truth * counts
