"""Schedules in closed form: the factor at a step, without any state."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

Factor = Callable[[int], float]


def constant(value: float = 1.0) -> Factor:
    """The value."""
    return lambda step: value


def warmup(steps: int) -> Factor:
    """`(step + 1) / steps`, then 1."""
    return lambda step: (step + 1) / steps if step + 1 < steps else 1.0


def linear(steps: int, start: float = 1.0, end: float = 0.0) -> Factor:
    """The straight line through `(0, start)` and `(steps, end)`, then `end`."""
    return lambda step: (start * (steps - step) + end * step) / steps if step < steps else end


def cosine(steps: int, floor: float = 0.0) -> Factor:
    """Half a cosine from 1 to the floor (Loshchilov and Hutter 2017), by the square of its half angle."""
    return lambda step: floor + (1 - floor) * (math.cos(math.pi * step / steps / 2) ** 2 if step < steps else 0.0)


def polynomial(steps: int, power: float = 1.0, floor: float = 0.0) -> Factor:
    """`(1 - step / steps)^power` above the floor."""
    return lambda step: floor + (1 - floor) * (((steps - step) / steps) ** power if step < steps else 0.0)


def step_decay(size: int, gamma: float = 0.1) -> Factor:
    """`gamma` to the number of whole sizes in the step."""
    return lambda step: math.pow(gamma, math.floor(step / size))


def exponential(gamma: float) -> Factor:
    """`gamma^step`."""
    return lambda step: math.exp(step * math.log(gamma))


def multi_step(milestones: Sequence[int], gamma: float = 0.1) -> Factor:
    """`gamma` to the number of milestones reached."""
    return lambda step: math.prod(gamma for milestone in milestones if milestone <= step)


def inverse_sqrt(warmup: int) -> Factor:
    """`min(n / warmup, sqrt(warmup / n))` for update n (Vaswani et al. 2017, equation 3, scaled to a top of 1)."""
    return lambda step: math.sqrt(warmup) * min((step + 1) ** -0.5, (step + 1) * warmup**-1.5)


def one_cycle(steps: int, warmup: float = 0.3, start: float = 0.04, floor: float = 0.04) -> Factor:
    """A line up to the top at `warmup` of the way, then half a cosine (Smith and Topin 2018; fastai's way down)."""
    top = math.floor(warmup * steps + 0.5)

    def factor(step: int) -> float:
        if step < top:
            return (start * (top - step) + step) / top
        return cosine(max(steps - top, 1), floor)(step - top)

    return factor


def cyclic(up: int, down: int = 0, low: float = 0.1, high: float = 1.0) -> Factor:
    """A triangle again and again (Smith 2017)."""
    corners = up, up + (down or up)

    def factor(step: int) -> float:
        place = step % corners[1]
        height = place / up if place < up else (corners[1] - place) / (corners[1] - up)
        return low + (high - low) * height

    return factor


def warmup_stable_decay(warmup: int, stable: int, decay: int, floor: float = 0.0, shape: str = "linear") -> Factor:
    """Up, a plain at 1, down in a line (Hu et al. 2024), half a cosine, or by the root (Hägele et al. 2024)."""
    ways: dict[str, Callable[[float], float]] = {
        "linear": lambda part: 1 - part,
        "cosine": lambda part: (1 + math.cos(math.pi * part)) / 2,
        "sqrt": lambda part: 1 - math.sqrt(part),
    }

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        part = min(max(step - warmup - stable, 0) / decay, 1.0)
        return floor + (1 - floor) * ways[shape](part)

    return factor


def plateau(metric: str, patience: int = 10, gamma: float = 0.1, **rest: float) -> Factor:
    """1 at every step: what it watches is no step."""
    return lambda step: 1.0
