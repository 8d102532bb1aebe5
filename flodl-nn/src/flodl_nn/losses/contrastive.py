"""Losses that pull together what belongs together and push the rest apart."""

from __future__ import annotations

from typing import final

import torch
from flodl_core import ComponentError, ShapeError
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the customary name

from flodl_nn.losses.reduction import Reduction, check_reduction, reduce
from flodl_nn.losses.targets import wide

# B samples, D features


@final
class InfoNCELoss(nn.Module):
    """Of all keys of the batch, each query is to find its own: cross entropy over their cosines.

    Shapes: queries [B, D], keys [B, D], where row i of one belongs to row i of the other -> scalar.

    Args:
        temperature: What cosines are divided by; small is strict.
        symmetric: Keys find queries too, and the mean of both is taken (CLIP).
        label_smoothing: Part of the target spread over all keys.

    Raises:
        ComponentError: The temperature is not positive, or the smoothing not from 0 to 1.

    Source:
        van den Oord et al. 2018, "Representation Learning with Contrastive Predictive Coding";
        symmetric: Radford et al. 2021, "Learning Transferable Visual Models From Natural Language
        Supervision".

    >>> InfoNCELoss(1.0)(torch.eye(2), torch.eye(2))
    tensor(0.3133)
    """

    def __init__(self, temperature: float = 0.07, *, symmetric: bool = True, label_smoothing: float = 0.0) -> None:
        super().__init__()
        _check_temperature(temperature)
        if not 0.0 <= label_smoothing <= 1.0:
            raise ComponentError(f"label_smoothing is from 0 to 1, got {label_smoothing}")
        self.temperature, self.symmetric, self.label_smoothing = temperature, symmetric, label_smoothing

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        """The loss."""
        _check_pair(queries, keys)
        logits = F.normalize(wide(queries), dim=1) @ F.normalize(wide(keys), dim=1).T / self.temperature  # [B, B]
        own = torch.arange(len(logits), device=logits.device)
        forth = F.cross_entropy(logits, own, label_smoothing=self.label_smoothing)
        if not self.symmetric:
            return forth
        return 0.5 * (forth + F.cross_entropy(logits.T, own, label_smoothing=self.label_smoothing))


@final
class NTXentLoss(nn.Module):
    """Two views of each sample find each other among all other views of the batch.

    Shapes: first [B, D], second [B, D] -> scalar.

    Args:
        temperature: What cosines are divided by.

    Raises:
        ComponentError: The temperature is not positive.

    Source:
        Chen et al. 2020, "A Simple Framework for Contrastive Learning of Visual Representations".

    >>> NTXentLoss(1.0)(torch.eye(2), torch.eye(2))
    tensor(0.5514)
    """

    def __init__(self, temperature: float = 0.5) -> None:
        super().__init__()
        _check_temperature(temperature)
        self.temperature = temperature

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """The loss."""
        _check_pair(first, second)
        views = F.normalize(wide(torch.cat([first, second])), dim=1)
        logits = views @ views.T / self.temperature  # [2B, 2B]
        itself = torch.eye(len(views), dtype=torch.bool, device=views.device)
        partner = torch.arange(len(views), device=views.device).roll(len(first))
        return F.cross_entropy(logits.masked_fill(itself, float("-inf")), partner)


@final
class SupConLoss(nn.Module):
    """Samples of one class find each other among all of the batch.

    A sample that is alone in its class has nothing to find and does not count.

    Shapes: embeddings [B, D], target i64 [B] -> scalar.

    Args:
        temperature: What cosines are divided by.

    Raises:
        ComponentError: The temperature is not positive.

    Source:
        Khosla et al. 2020, "Supervised Contrastive Learning", the form with the sum outside.

    >>> SupConLoss(1.0)(torch.eye(2)[[0, 0, 1]], torch.tensor([0, 0, 1]))
    tensor(0.3133)
    """

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__()
        _check_temperature(temperature)
        self.temperature = temperature

    def forward(self, embeddings: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        if embeddings.dim() != 2 or target.shape != embeddings.shape[:1]:
            raise ShapeError(
                f"embeddings are [B, D] and their classes [B], got {list(embeddings.shape)} and {list(target.shape)}"
            )
        rows = F.normalize(wide(embeddings), dim=1)
        itself = torch.eye(len(rows), dtype=torch.bool, device=rows.device)
        log_p = (rows @ rows.T / self.temperature).masked_fill(itself, float("-inf")).log_softmax(1)
        friends = (target[:, None] == target) & ~itself  # [B, B]
        count = friends.sum(1)
        per_sample = -log_p.masked_fill(~friends, 0.0).sum(1) / count.clamp_min(1)
        return per_sample.sum() / (count > 0).sum().clamp_min(1)


@final
class ContrastiveLoss(nn.Module):
    """Pairs that belong together are drawn near; others are pushed out to a margin.

        y d^2 + (1 - y) max(0, margin - d)^2,  d = |a - b|

    Shapes: first [B, D], second [B, D], target [B] of 1 (together) and 0 -> scalar, or [B].

    Args:
        margin: Distance beyond which a pair is left alone.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Raises:
        ComponentError: The margin is not positive.

    Source:
        Hadsell et al. 2006, "Dimensionality Reduction by Learning an Invariant Mapping", without the
        half.

    >>> ContrastiveLoss()(torch.zeros(1, 2), torch.tensor([[0.6, 0.8]]), torch.ones(1))
    tensor(1.)
    """

    def __init__(self, margin: float = 1.0, *, reduction: str = "mean") -> None:
        super().__init__()
        if not margin > 0.0:
            raise ComponentError(f"margin is a distance, > 0, got {margin}")
        self.margin = margin
        self.reduction: Reduction = check_reduction(reduction)

    def forward(self, first: Tensor, second: Tensor, target: Tensor) -> Tensor:
        """The loss.

        Raises:
            ShapeError: No pairs, or not one target for each.
        """
        _check_pair(first, second)
        if target.shape != first.shape[:1]:
            raise ShapeError(f"{len(first)} pairs have targets [{len(first)}], got {list(target.shape)}")
        squared = (wide(first) - wide(second)).square().sum(1)
        target = target.to(squared.dtype)
        distance = squared.clamp_min(1e-12).sqrt()  # a root at 0 has no gradient
        apart = (self.margin - distance).clamp_min(0.0).square()
        return reduce(target * squared + (1.0 - target) * apart, self.reduction)


def _check_temperature(temperature: float) -> None:
    if not temperature > 0.0:
        raise ComponentError(f"temperature is > 0, got {temperature}")


def _check_pair(first: Tensor, second: Tensor) -> None:
    if first.dim() != 2 or first.shape != second.shape:
        raise ShapeError(f"pairs are two times [B, D], got {list(first.shape)} and {list(second.shape)}")
