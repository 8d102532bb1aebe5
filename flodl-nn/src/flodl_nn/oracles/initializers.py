"""What initializers fill in: the values themselves, or the moments and bounds of what they draw.

A weight `[out, in, ...]` has `fan_in` = in times the size of its window, `fan_out` = out times that.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from flodl_nn.oracles.reduction import Array

Shape: TypeAlias = tuple[int, ...]
Values: TypeAlias = Callable[[Shape], Array]
Moments: TypeAlias = Callable[[Shape], dict[str, float]]


def zeros() -> Values:
    """All 0."""
    return np.zeros


def ones() -> Values:
    """All 1."""
    return np.ones


def constant(value: float) -> Values:
    """All one value."""
    return lambda shape: np.full(shape, value)


def eye() -> Values:
    """1 on the diagonal."""
    return lambda shape: np.eye(shape[0], shape[1])


def dirac(groups: int = 1) -> Values:
    """1 in the middle of the window, from each channel to itself, group by group."""

    def fill(shape: Shape) -> Array:
        weight = np.zeros(shape)
        per_group = shape[0] // groups
        middle = tuple(size // 2 for size in shape[2:])
        for group in range(groups):
            for channel in range(min(per_group, shape[1])):
                weight[group * per_group + channel, channel][middle] = 1.0
        return weight

    return fill


def _even(low: float, high: float) -> dict[str, float]:
    return {"mean": (low + high) / 2, "std": (high - low) / math.sqrt(12), "low": low, "high": high}


def _bell(std: float, mean: float = 0.0) -> dict[str, float]:
    return {"mean": mean, "std": std}


def _even_of(std: float) -> dict[str, float]:
    """Evenly, with this deviation."""
    return _even(-math.sqrt(3) * std, math.sqrt(3) * std)


def uniform(low: float = 0.0, high: float = 1.0) -> Moments:
    """Evenly from low to high."""
    return lambda shape: _even(low, high)


def normal(mean: float = 0.0, std: float = 1.0) -> Moments:
    """A bell curve."""
    return lambda shape: _bell(std, mean)


def trunc_normal(mean: float = 0.0, std: float = 1.0, low: float = -2.0, high: float = 2.0) -> Moments:
    """A bell curve cut at both ends: the textbook moments of a truncated normal distribution."""

    def density(z: float) -> float:
        return math.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)

    mass = (math.erf(high / math.sqrt(2)) - math.erf(low / math.sqrt(2))) / 2
    shift = (density(low) - density(high)) / mass
    variance = 1 + (low * density(low) - high * density(high)) / mass - shift**2
    bounds = {"low": mean + low * std, "high": mean + high * std}
    return lambda shape: {**_bell(std * math.sqrt(variance), mean + std * shift), **bounds}


def orthogonal(gain: float = 1.0) -> Callable[[Shape], dict[str, Array]]:
    """The shorter side at right angles, of length `gain` (Saxe et al. 2013)."""
    return lambda shape: {"gram": gain**2 * np.eye(min(shape[0], math.prod(shape[1:])))}


def sparse(sparsity: float = 0.9, std: float = 0.01) -> Moments:
    """A part of each column 0, rounded up; the rest a bell curve (Martens 2010)."""

    def moments(shape: Shape) -> dict[str, float]:
        none = math.ceil(sparsity * shape[0]) / shape[0]
        return {**_bell(std * math.sqrt(1 - none)), "zeros": none}

    return moments


def _fans(shape: Shape) -> tuple[int, int]:
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


def xavier_uniform(gain: float = 1.0) -> Moments:
    """Of variance `2 gain^2 / (fan_in + fan_out)` (Glorot and Bengio 2010)."""
    return lambda shape: _even_of(gain * math.sqrt(2 / sum(_fans(shape))))


def xavier_normal(gain: float = 1.0) -> Moments:
    """Of the same variance."""
    return lambda shape: _bell(gain * math.sqrt(2 / sum(_fans(shape))))


def _he(shape: Shape, a: float, mode: str) -> float:
    fan_in, fan_out = _fans(shape)
    return math.sqrt(2 / (1 + a**2) / (fan_in if mode == "fan_in" else fan_out))


def kaiming_uniform(a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Moments:
    """Of variance `2 / ((1 + a^2) fan)` (He et al. 2015)."""
    return lambda shape: _even_of(_he(shape, a, mode))


def kaiming_normal(a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Moments:
    """Of the same variance."""
    return lambda shape: _bell(_he(shape, a, mode))


def lecun_uniform() -> Moments:
    """Of variance `1 / fan_in` (LeCun et al. 1998)."""
    return lambda shape: _even_of(math.sqrt(1 / _fans(shape)[0]))


def lecun_normal() -> Moments:
    """Of the same variance (Klambauer et al. 2017)."""
    return lambda shape: _bell(math.sqrt(1 / _fans(shape)[0]))


def uniform_bias(fan_in: int) -> Moments:
    """Within `1 / sqrt(fan_in)`."""
    return lambda shape: _even(-1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in))
