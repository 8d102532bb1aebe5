"""Modes that a whole model is in for a while, and leaves as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import nn

M = TypeVar("M", bound=nn.Module)


@contextmanager
def evaluating(model: M) -> Iterator[M]:
    """Evaluation mode without gradients; afterwards each module has its own mode back.

    A part that was in evaluation mode before (a frozen BatchNorm, say) still is after.

    >>> net = nn.Sequential(nn.Dropout(), nn.Linear(2, 2)); _ = net[1].eval()
    >>> with evaluating(net):
    ...     print(net.training, net(torch.ones(1, 2)).requires_grad)
    False False
    >>> net.training, net[0].training, net[1].training
    (True, True, False)
    """
    before = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield model
    finally:
        for module, training in before:
            module.training = training


@contextmanager
def frozen(model: M) -> Iterator[M]:
    """No parameter of the model asks for a gradient; values still flow through it to others.

    For the part that only judges: a GAN's discriminator while the generator learns.

    >>> net = nn.Linear(2, 1)
    >>> with frozen(net):
    ...     print(net(torch.ones(1, 2)).requires_grad)
    False
    >>> net.weight.requires_grad
    True
    """
    held = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for parameter in held:
        parameter.requires_grad_(False)
    try:
        yield model
    finally:
        for parameter in held:
            parameter.requires_grad_(True)
