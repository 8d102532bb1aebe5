"""Images as tokens."""

from __future__ import annotations

from typing import final

from flodl_core import ComponentError, ShapeError
from torch import Tensor, nn


@final
class PatchEmbedding(nn.Module):
    """An image cut into square patches, row by row, each mapped to a token.

    Shapes: x [B, channels, H, W] -> [B, H * W / patch**2, dim].

    Args:
        channels: Of the image.
        dim: Size of a token.
        patch: Side of a patch, in pixels.

    Raises:
        ComponentError: A size below 1.

    Source:
        Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words".

    >>> import torch
    >>> PatchEmbedding(3, 16, patch=4)(torch.ones(1, 3, 8, 12)).shape
    torch.Size([1, 6, 16])
    """

    def __init__(self, channels: int, dim: int, patch: int) -> None:
        super().__init__()
        if min(channels, dim, patch) < 1:
            raise ComponentError(f"sizes are at least 1, got channels={channels}, dim={dim}, patch={patch}")
        self.patch = patch
        self.project = nn.Conv2d(channels, dim, patch, stride=patch)

    def forward(self, x: Tensor) -> Tensor:
        """Cut and map.

        Raises:
            ShapeError: The sides are no multiples of the patch.
        """
        if x.dim() != 4 or x.shape[-1] % self.patch or x.shape[-2] % self.patch:
            raise ShapeError(
                f"images are cut into {self.patch} x {self.patch} patches, got {list(x.shape)}",
                mend="[batch, channels, height, width], both sides multiples of the patch",
            )
        return self.project(x).flatten(2).transpose(1, 2)  # type: ignore[no-any-return]
