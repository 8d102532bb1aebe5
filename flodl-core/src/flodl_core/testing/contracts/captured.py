"""Work recorded into a CUDA graph and replayed: the same as when it is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from flodl_core.capture.cuda import CudaRecorder
from flodl_core.capture.recorder import Recorder
from flodl_core.testing.contracts.check import Skip
from flodl_core.testing.contracts.compare import require_near

Work = Callable[[], Sequence[Tensor]]


def recorder_of(device: str) -> Recorder:
    """What records on a device."""
    return CudaRecorder(torch.device("cuda", torch.cuda.current_device()))


def record(work: Work, device: str) -> tuple[Sequence[Tensor], Callable[[], None]] | Skip:
    """Do the work three times, then record it.

    Returns:
        The tensors that a replay fills, and the replay; or why it cannot be recorded.
    """
    recorder = recorder_of(device)
    try:
        for _ in range(3):  # kernels are chosen, gradients and states allocated
            with recorder.trial():
                work()
        return recorder.record(work)
    except RuntimeError as error:
        return Skip(f"it cannot be recorded into a CUDA graph: {str(error).splitlines()[0]}")


def require_capturable(work: Work, reset: Callable[[], None], device: str, tolerance: float) -> Skip | None:
    """Record a piece of work, replay it twice, compare each with the work done eagerly.

    Args:
        work: Does it, on tensors that stay where they are, and gives its results.
        reset: Puts everything back to where it stood before, in place.
        device: Where the tensors live.
        tolerance: Relative to `1 + |value|`.

    Raises:
        ContractError: A replay gives something else.
    """
    expected = [value.detach().clone() for value in work()]
    recorded = record(work, device)
    if isinstance(recorded, Skip):
        return recorded
    results, replay = recorded
    for count in ("first", "second"):
        reset()
        replay()
        require_near(expected, list(results), f"the {count} replay", tolerance=tolerance)
    return None
