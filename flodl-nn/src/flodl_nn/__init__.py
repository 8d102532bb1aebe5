"""Modules, losses, optimizers, schedules and the training step.

Importing this package imports no torch; each name is found when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flodl_core.lazy import lazy_exports

if TYPE_CHECKING:
    from flodl_nn.sampler import Sampler as Sampler
    from flodl_nn.schedules import AbstractSchedule as AbstractSchedule
    from flodl_nn.schedules import constant as constant
    from flodl_nn.schedules import cosine as cosine
    from flodl_nn.schedules import cyclic as cyclic
    from flodl_nn.schedules import exponential as exponential
    from flodl_nn.schedules import inverse_sqrt as inverse_sqrt
    from flodl_nn.schedules import linear as linear
    from flodl_nn.schedules import multi_step as multi_step
    from flodl_nn.schedules import one_cycle as one_cycle
    from flodl_nn.schedules import plateau as plateau
    from flodl_nn.schedules import polynomial as polynomial
    from flodl_nn.schedules import step_decay as step_decay
    from flodl_nn.schedules import warmup as warmup
    from flodl_nn.schedules import warmup_stable_decay as warmup_stable_decay
    from flodl_nn.step.train_step import TrainStep as TrainStep

_HOMES = {
    "flodl_nn.sampler": "Sampler",
    "flodl_nn.schedules": (
        "AbstractSchedule constant cosine cyclic exponential inverse_sqrt linear multi_step one_cycle plateau"
        " polynomial step_decay warmup warmup_stable_decay"
    ),
    "flodl_nn.step.train_step": "TrainStep",
}

__all__ = [*sorted(name for names in _HOMES.values() for name in names.split())]

__getattr__, __dir__ = lazy_exports(__name__, {n: home for home, names in _HOMES.items() for n in names.split()})
