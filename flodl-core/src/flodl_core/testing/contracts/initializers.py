"""What an initializer promises: `f(tensor)` fills it in place and gives it back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from flodl_core.testing.contracts.arrays import require_as_oracle
from flodl_core.testing.contracts.check import Check, Skip, Subject
from flodl_core.testing.contracts.compare import require_near, require_same
from flodl_core.testing.contracts.feed import Feed
from flodl_core.testing.contracts.oracle import NONE, oracle_of
from flodl_core.testing.contracts.promise import require

_DRAWS = 16
_SPREADS = 5.0  # standard errors that a moment of all draws may be off


def _empty(subject: Subject, dtype: torch.dtype = torch.float32) -> Tensor:
    (like,) = Feed.parse(subject.example.inputs).tensors(subject.device, floating=dtype)
    return torch.full_like(like, math.nan)


def _fill(subject: Subject, tensor: Tensor, seed: int = 0) -> Tensor:
    torch.manual_seed(seed)
    filled = subject.make()(tensor)
    require(filled is tensor, "it gives back another tensor than it was given")
    return tensor


def builds(subject: Subject) -> None:
    """Every element is filled, in place, and the same tensor comes back."""
    require(bool(torch.isfinite(_fill(subject, _empty(subject))).all()), "it leaves elements unfilled, or not finite")


def repeats(subject: Subject) -> None:
    """The same seed, the same values."""
    require_same(_fill(subject, _empty(subject)), _fill(subject, _empty(subject)), "filled again from the same seed")


def parameters(subject: Subject) -> None:
    """A parameter is filled without a trace in its gradients, and keeps its type and its storage."""
    for dtype in (torch.float32, torch.float64):
        parameter = nn.Parameter(_empty(subject, dtype))
        place = parameter.data_ptr()
        _fill(subject, parameter)
        require(parameter.is_leaf and parameter.requires_grad and parameter.grad is None, "filling leaves a gradient")
        require(parameter.dtype == dtype and parameter.data_ptr() == place, "filling puts another storage in its place")
        require(bool(torch.isfinite(parameter).all()), f"in {dtype} it leaves elements unfilled")


def value(subject: Subject) -> Skip | None:
    """The values of its oracle, or its moments and bounds over several draws."""
    oracle = oracle_of(subject)
    if oracle is None:
        return NONE
    tensor = _empty(subject, torch.float64)
    expected = oracle(*subject.example.args, **subject.example.kwargs)(tuple(tensor.shape))
    if not isinstance(expected, Mapping):
        require_as_oracle(oracle, expected, _fill(subject, tensor), "filled")
        return None
    draws = torch.stack([_fill(subject, _empty(subject, torch.float64), seed) for seed in range(_DRAWS)]).cpu()
    for name, due in expected.items():
        _MOMENTS[name](draws, due)
    return None


def _mean(draws: Tensor, due: float) -> None:
    error = _SPREADS * draws.std().item() / math.sqrt(draws.numel()) + 1e-12
    require(abs(draws.mean().item() - due) <= error, f"its mean is {draws.mean().item():.4g}, due is {due:.4g}")


def _std(draws: Tensor, due: float) -> None:
    error = _SPREADS * due / math.sqrt(draws.numel())  # a heavy tail's, too
    require(abs(draws.std().item() - due) <= error, f"its deviation is {draws.std().item():.4g}, due is {due:.4g}")


def _low(draws: Tensor, due: float) -> None:
    least, width = draws.min().item(), (draws.max() - draws.min()).item()
    require(least >= due - 1e-12, f"it goes down to {least:.6g}, the least is {due:.6g}")
    require(least <= due + 0.02 * width, f"it only goes down to {least:.6g}, the least is {due:.6g}")


def _high(draws: Tensor, due: float) -> None:
    _low(-draws, -due)


def _zeros(draws: Tensor, due: float) -> None:
    share = (draws == 0).double().mean().item()
    require(abs(share - due) <= 1e-3, f"a part of {share:.4g} is 0, due is {due:.4g}")


def _gram(draws: Tensor, due: Any) -> None:
    flat = draws[0].flatten(1)
    rows = flat if flat.shape[0] <= flat.shape[1] else flat.T
    require_near(torch.as_tensor(due), rows @ rows.T, "its products with itself", tolerance=1e-9)


_MOMENTS = {"mean": _mean, "std": _std, "low": _low, "high": _high, "zeros": _zeros, "gram": _gram}

SUITE = (
    Check("builds", "It fills every element in place, and gives the tensor back.", builds),
    Check("repeats", "The same seed gives the same values.", repeats),
    Check("parameters", "A parameter is filled without a trace in its gradients.", parameters),
    Check("value", "Values, or moments and bounds over several draws, are its oracle's.", value),
)
