"""The same numbers at each run: seeds, and no shortcuts of the device."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from flodl_core.tensor.seed import seeded


@contextmanager
def repeatable() -> Iterator[None]:
    """Seeded generators, whole float32 products, the same convolution kernels every time; then all as before."""
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32, cudnn.deterministic, cudnn.benchmark
    grad = torch.is_grad_enabled()
    dtype = torch.get_default_dtype()
    matmul.allow_tf32, cudnn.allow_tf32, cudnn.deterministic, cudnn.benchmark = False, False, True, False
    try:
        with seeded(0), torch.enable_grad():
            yield
    finally:
        matmul.allow_tf32, cudnn.allow_tf32, cudnn.deterministic, cudnn.benchmark = before
        torch.set_grad_enabled(grad)
        torch.set_default_dtype(dtype)
