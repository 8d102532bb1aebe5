"""Steps in a CUDA graph."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from flodl_core.errors import ContractError
from flodl_core.testing.contracts.captured import record
from flodl_core.testing.contracts.check import Skip, Subject
from flodl_core.testing.contracts.compare import require_near, tensors_of
from flodl_core.testing.contracts.optimizers.bowl import Bowl, make, needs_closure

_REPLAYS = 5


def captured(subject: Subject) -> Skip | None:
    """Five replays of a step lead where five steps do, its counters going on."""
    can_say_so = subject.takes("capturable")
    options: dict[str, Any] = {"capturable": True} if can_say_so else {}
    bowl = Bowl(subject, torch.float32)
    optimizer = make(subject, bowl, None, **options)
    if needs_closure(optimizer):
        return Skip("its step asks for the loss again and again, and decides by it on the host")

    def work() -> list[Tensor]:
        bowl.closure()
        optimizer.step()
        return []

    recorded = record(work, subject.device)
    if isinstance(recorded, Skip):
        return recorded
    _, replay = recorded
    held = [*bowl.parameters, *tensors_of(list(optimizer.state.values()))]
    before = [value.detach().clone() for value in held]
    for _ in range(_REPLAYS):
        replay()
    replayed = bowl.values()
    with torch.no_grad():
        for value, start in zip(held, before, strict=True):
            value.copy_(start)
    for _ in range(_REPLAYS):
        bowl.step(optimizer)
    try:
        require_near(bowl.values(), replayed, f"after {_REPLAYS} replays, parameter", tolerance=1e-5)
    except ContractError as error:
        if can_say_so:
            raise
        return Skip(f"it has no option capturable, and is not: {error.what}")
    return None
