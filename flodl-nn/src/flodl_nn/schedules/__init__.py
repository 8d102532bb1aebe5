"""Schedules: frozen, pure functions of the optimizer step to a factor on each group's own rate.

    warmup(500).then(cosine(9_500, floor=0.01))

Words begin them (`cosine(...)`); values compose (`then`, `every`, `times`). None imports torch.
"""

from __future__ import annotations

from flodl_nn.schedules.anneal import cosine, linear, polynomial, warmup
from flodl_nn.schedules.cycle import cyclic, one_cycle, warmup_stable_decay
from flodl_nn.schedules.decay import constant, exponential, inverse_sqrt, multi_step, step_decay
from flodl_nn.schedules.plateau import plateau
from flodl_nn.schedules.schedule import AbstractSchedule

__all__ = [
    "AbstractSchedule",
    "constant",
    "cosine",
    "cyclic",
    "exponential",
    "inverse_sqrt",
    "linear",
    "multi_step",
    "one_cycle",
    "plateau",
    "polynomial",
    "step_decay",
    "warmup",
    "warmup_stable_decay",
]
