"""A model of the benchmark: both its forms, its data, and how it is trained."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

import torch
from attrs import frozen
from flodl_graph import Graph
from torch import Tensor, nn

from flodl_bench.models.size import FULL, Size
from flodl_bench.models.weights import copy_weights


@final
@frozen(kw_only=True)
class Model:
    """One of the ten.

    Args:
        plain: Makes it in plain PyTorch.
        words: Makes it in flodl's words.
        x: The shape of a batch of inputs.
        y: The shape of a batch of targets; None: the inputs themselves.
        tokens: How many kinds of token inputs and targets are; None: they are numbers.
        loss: A loss by name.
        lr: Adam's learning rate.
        searches: Let cuDNN search for the fastest convolution.
    """

    plain: Callable[[Size], nn.Module]
    words: Callable[[Size], Graph]
    x: Callable[[Size], tuple[int, ...]]
    y: Callable[[Size], tuple[int, ...]] | None
    tokens: Callable[[Size], int] | None = None
    loss: str = "mse"
    lr: float = 1e-3
    searches: bool = True

    def in_pytorch(self, size: Size = FULL) -> nn.Module:
        """In plain PyTorch."""
        return self.plain(size)

    def in_words(self, size: Size = FULL) -> Graph:
        """In flodl's words, with the very weights that the plain form begins with under the same seed."""
        plain = self.plain(size)
        words = self.words(size)
        copy_weights(plain, words)
        return words

    def batches(self, count: int, device: torch.device, size: Size = FULL) -> list[tuple[Tensor, Tensor]]:
        """Synthetic data that lies on the device, drawn from torch's generator there."""
        inputs = [self._draw(self.x(size), device, size) for _ in range(count)]
        if self.y is None:
            return [(x, x) for x in inputs]
        shape = self.y(size)
        return [(x, self._draw(shape, device, size)) for x in inputs]

    def _draw(self, shape: tuple[int, ...], device: torch.device, size: Size) -> Tensor:
        if self.tokens is None:
            return torch.randn(shape, device=device)
        return torch.randint(0, self.tokens(size), shape, device=device)
