"""How many kernels a step runs on the GPU, and how long they take: torch's profiler, read from its trace."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

_STEPS = 10
_WORK = {"kernel", "gpu_memcpy", "gpu_memset"}


def count_kernels(step: Callable[..., Any], batches: Sequence[tuple[Any, ...]]) -> tuple[float, float]:
    """Kernels of a step (copies and fills are such, too), and microseconds that they take together.

    Kernels that a replayed CUDA graph runs are counted one by one.
    """
    torch.cuda.synchronize()
    with profile(activities=[ProfilerActivity.CUDA]) as profiler:
        for index in range(_STEPS):
            step(*batches[index % len(batches)])
        torch.cuda.synchronize()
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.json"
        profiler.export_chrome_trace(str(trace))
        kernels, microseconds = read_trace(json.loads(trace.read_text(errors="replace")))
    return kernels / _STEPS, microseconds / _STEPS


def read_trace(trace: dict[str, Any]) -> tuple[int, float]:
    """Kernels of a trace, and their microseconds.

    >>> read_trace({"traceEvents": [{"cat": "kernel", "dur": 2.5}, {"cat": "cuda_runtime", "dur": 9}]})
    (1, 2.5)
    """
    durations = [event["dur"] for event in trace["traceEvents"] if event.get("cat") in _WORK]
    return len(durations), float(sum(durations))
