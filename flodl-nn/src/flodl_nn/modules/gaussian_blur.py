"""Smoothing by a bell curve, in two one-dimensional passes."""

from __future__ import annotations

import math
from typing import Literal, final

import torch
from flodl_core import ComponentError, ShapeError
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the customary name


@final
class GaussianBlur(nn.Module):
    """Each pixel a mean of its neighbours, weighed by a bell curve of width `sigma`.

    The curve reaches `ceil(3 sigma)` pixels and sums to 1; rows and columns are smoothed one after
    the other. Differentiable.

    Shapes: x [B, C, H, W] -> the same.

    Args:
        sigma: Width in pixels; must be > 0.
        border: What is beyond the edge: `"zeros"`, or the image mirrored or repeated.

    Raises:
        ComponentError: `sigma` is no positive number, or there is no such border.

    >>> GaussianBlur(1.0)(torch.ones(1, 1, 9, 9))[0, 0, 4, 4]
    tensor(1.0000)
    """

    kernel: Tensor

    def __init__(self, sigma: float, border: Literal["zeros", "reflect", "replicate"] = "zeros") -> None:
        super().__init__()
        if not 0.0 < sigma < math.inf:
            raise ComponentError(f"sigma is a width in pixels, > 0, got {sigma}")
        if border not in ("zeros", "reflect", "replicate"):
            raise ComponentError(f"border is 'zeros', 'reflect' or 'replicate', got {border!r}")
        self.sigma, self.border = sigma, border
        self.radius = math.ceil(3.0 * sigma)
        places = torch.arange(-self.radius, self.radius + 1, dtype=torch.float64)
        curve = torch.exp(-0.5 * (places / sigma) ** 2)
        self.register_buffer("kernel", (curve / curve.sum()).to(torch.get_default_dtype()), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Smooth rows, then columns.

        Raises:
            ShapeError: `x` is not [B, C, H, W], not floating, or smaller than a mirror reaches.
        """
        if x.dim() != 4:
            raise ShapeError(f"a blur takes [batch, channels, height, width], got {list(x.shape)}")
        if not x.is_floating_point():  # the curve, all below 1, would be zeros
            raise ShapeError(f"a blur takes floating images, got {x.dtype}", mend="x.float()")
        channels, reach = x.shape[1], self.radius
        if self.border == "reflect" and reach >= min(x.shape[-2:]):
            raise ShapeError(
                f"sigma {self.sigma} reaches {reach} pixels, and an image mirrored as far is larger than that,"
                f" got {list(x.shape)}",
                mend='border="replicate"',
            )
        kernel = self.kernel.to(x.dtype).expand(channels, 1, 1, -1)  # [C, 1, 1, K]
        mode = "constant" if self.border == "zeros" else self.border
        x = F.conv2d(F.pad(x, (reach, reach, 0, 0), mode), kernel, groups=channels)
        return F.conv2d(F.pad(x, (0, 0, reach, reach), mode), kernel.transpose(-1, -2), groups=channels)

    def extra_repr(self) -> str:
        """For `print(model)`."""
        return f"sigma={self.sigma}, border={self.border!r}"
