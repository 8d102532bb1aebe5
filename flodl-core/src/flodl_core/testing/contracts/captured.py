"""Work recorded into a CUDA graph and replayed: the same as when it is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from flodl_core.testing.contracts.check import Skip
from flodl_core.testing.contracts.compare import require_near

Work = Callable[[], Sequence[Tensor]]


def record(work: Work) -> tuple[torch.cuda.CUDAGraph, Sequence[Tensor]] | Skip:
    """Do the work three times, then record it.

    Returns:
        The graph and the tensors that a replay fills; or why it cannot be recorded.
    """
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):  # kernels are chosen, gradients and states allocated
            work()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    try:
        with torch.cuda.graph(graph):
            results = work()
    except RuntimeError as error:
        torch.cuda.synchronize()
        return Skip(f"it cannot be recorded into a CUDA graph: {str(error).splitlines()[0]}")
    return graph, results


def require_capturable(work: Work, reset: Callable[[], None], tolerance: float) -> Skip | None:
    """Record a piece of work, replay it twice, compare each with the work done eagerly.

    Args:
        work: Does it, on tensors that stay where they are, and gives its results.
        reset: Puts everything back to where it stood before, in place.
        tolerance: Relative to `1 + |value|`.

    Raises:
        ContractError: A replay gives something else.
    """
    expected = [value.detach().clone() for value in work()]
    recorded = record(work)
    if isinstance(recorded, Skip):
        return recorded
    graph, results = recorded
    for replay in ("first", "second"):
        reset()
        graph.replay()
        torch.cuda.synchronize()
        require_near(expected, list(results), f"the {replay} replay", tolerance=tolerance)
    return None
