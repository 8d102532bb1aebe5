"""Functions of tensors, and what makes them."""

import functools

import torch


def midrange():
    return _midrange


def _midrange(*values: torch.Tensor) -> torch.Tensor:
    stacked = torch.stack(values)
    return (stacked.amin(0) + stacked.amax(0)) / 2


def lattice(width: float = 1.0):
    return functools.partial(_fill, width=width)


def _fill(tensor: torch.Tensor, width: float) -> torch.Tensor:
    with torch.no_grad():
        tensor.copy_(torch.linspace(-width, width, tensor.numel(), dtype=torch.float64).reshape(tensor.shape))
    return tensor


def softcap(cap: float = 1.0):
    return functools.partial(_softcap, cap=cap)


def _softcap(x: torch.Tensor, cap: float) -> torch.Tensor:
    return cap * torch.tanh(x / cap)
