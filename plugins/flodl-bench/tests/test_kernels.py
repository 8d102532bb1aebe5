"""Kernels, counted from a trace."""

from __future__ import annotations

import pytest
import torch
from flodl_bench.kernels import count_kernels, read_trace


def test_only_work_of_the_gpu_counts():
    """Kernels, copies and fills; not calls of the host, nor ranges that people named."""
    events = [
        {"cat": "kernel", "name": "gemm", "dur": 10.0},
        {"cat": "gpu_memcpy", "name": "Memcpy DtoD", "dur": 1.5},
        {"cat": "gpu_memset", "name": "Memset", "dur": 0.5},
        {"cat": "gpu_user_annotation", "name": "Optimizer.step", "dur": 100.0},
        {"cat": "cuda_runtime", "name": "cudaLaunchKernel", "dur": 4.0},
        {"ph": "M", "name": "process_name"},
    ]
    assert (3, 12.0) == read_trace({"traceEvents": events})


def test_a_step_of_two_kernels_has_two(device):
    """On a GPU, as the profiler sees it."""
    if device.type != "cuda":
        pytest.skip("kernels are counted on a GPU")
    x = torch.ones(1 << 20, device=device)
    kernels, microseconds = count_kernels(lambda x: x.mul_(2).add_(1), [(x,)])
    assert 2 == kernels
    assert microseconds > 0
