"""The same weights in both forms of a model: module by module, in the order in which data flows."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn


def paired(plain: nn.Module, words: nn.Module) -> Iterator[tuple[Tensor, Tensor]]:
    """Each weight of the plain form, as a view, with its twin in the form of words.

    torch's own attention keeps the weights of queries, keys and values in one; flodl's keeps three.
    The places of the transformer's tokens have a dimension for the batch in the one, and none in the other.
    """
    for one, other in zip(_weights(plain), words.parameters(), strict=True):
        yield one.view_as(other), other


def copy_weights(plain: nn.Module, words: nn.Module) -> None:
    """Let the form of words begin where the plain form begins."""
    with torch.no_grad():
        for one, other in paired(plain, words):
            other.copy_(one)


def _weights(plain: nn.Module) -> Iterator[Tensor]:
    for module in plain.modules():
        own = list(module.parameters(recurse=False))
        if isinstance(module, nn.MultiheadAttention):
            thirds = [weight.chunk(3) for weight in own]
            own = [each for pair in zip(*thirds, strict=True) for each in pair]
        yield from own
