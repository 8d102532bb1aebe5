"""Channels of images, and vectors, brought to scale or weighed against each other."""

from __future__ import annotations

from typing import final

from flodl_core import ComponentError
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the customary name


@final
class LayerNorm2d(nn.Module):
    """Each pixel to mean 0 and variance 1 over its channels; the norm of ConvNeXt.

    Shapes: x [B, channels, H, W] -> the same.

    Args:
        channels: How many.
        eps: Added to the variance.

    Raises:
        ComponentError: A value below 1.

    >>> import torch
    >>> LayerNorm2d(2)(torch.tensor([1.0, -1.0]).view(1, 2, 1, 1)).flatten().detach()
    tensor([ 1.0000, -1.0000])
    """

    def __init__(self, channels: int, eps: float = 1e-6) -> None:
        super().__init__()
        if channels < 1:
            raise ComponentError(f"channels is at least 1, got {channels}")
        self.norm = nn.LayerNorm(channels, eps=eps)

    def forward(self, x: Tensor) -> Tensor:
        """Normalize over dimension 1."""
        return self.norm(x.movedim(1, -1)).movedim(-1, 1)  # type: ignore[no-any-return]


@final
class L2Normalize(nn.Module):
    """Vectors to length 1: what cosine and contrastive losses compare.

    Args:
        dim: Along which a vector lies.
        eps: Least length divided by.

    >>> import torch
    >>> L2Normalize()(torch.tensor([[3.0, 4.0]]))
    tensor([[0.6000, 0.8000]])
    """

    def __init__(self, dim: int = -1, eps: float = 1e-12) -> None:
        super().__init__()
        self.dim, self.eps = dim, eps

    def forward(self, x: Tensor) -> Tensor:
        """Divide by the length."""
        return F.normalize(x, dim=self.dim, eps=self.eps)

    def extra_repr(self) -> str:
        """For `print(model)`."""
        return f"dim={self.dim}, eps={self.eps:g}"


@final
class SqueezeExcite(nn.Module):
    """Each channel weighed, from 0 to 1, by what the means of all channels say.

    Shapes: x [B, channels, H, W] -> the same.

    Args:
        channels: How many.
        reduction: The block inside is this much narrower, but never below one.

    Raises:
        ComponentError: A value below 1.

    Source:
        Hu et al. 2018, "Squeeze-and-Excitation Networks".

    >>> import torch
    >>> SqueezeExcite(8, reduction=2)(torch.ones(1, 8, 4, 4)).shape
    torch.Size([1, 8, 4, 4])
    """

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        if channels < 1 or reduction < 1:
            raise ComponentError(f"channels and reduction are at least 1, got {channels} and {reduction}")
        narrow = max(channels // reduction, 1)
        self.squeeze = nn.Linear(channels, narrow)
        self.excite = nn.Linear(narrow, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Weigh the channels."""
        weights: Tensor = self.excite(F.relu(self.squeeze(x.mean((-2, -1))))).sigmoid()  # [B, C]
        return x * weights[..., None, None]
