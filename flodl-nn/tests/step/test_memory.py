"""What torch's allocator holds of the GPU: recordings take the place of what eager steps needed."""

from __future__ import annotations

import gc

import pytest
import torch
from capturing import replays
from flodl_core import ref
from flodl_nn import TrainStep
from torch import nn

MODELS = {
    "wide": (lambda: nn.Sequential(*[nn.Linear(1024, 1024) for _ in range(8)]), (256, 1024)),
    "deep": (lambda: nn.Sequential(*[nn.Sequential(nn.Linear(64, 64), nn.GELU()) for _ in range(8)]), (65536, 64)),
}


def reserved(capture: str, name: str, device: torch.device) -> int:
    """Bytes held after 120 steps, of which the first, second, tenth and hundredth replay were proved."""
    gc.collect()
    torch._C._cuda_clearCublasWorkspaces()
    torch.cuda.empty_cache()
    before = torch.cuda.memory_reserved(device)
    make, shape = MODELS[name]
    step = TrainStep(make().to(device), loss="mse", optimizer=ref("adam"), capture=capture)
    x = torch.randn(shape, device=device)
    for _ in range(120):
        step(x, x)
    assert replays(step) == (119 if capture == "always" else 0)
    torch.cuda.synchronize(device)
    return torch.cuda.memory_reserved(device) - before


@pytest.mark.parametrize("name", MODELS)
def test_captured_training_holds_little_more_than_eager(name, gpu):
    """At most 1.15 times as much, where the batch weighs most and where the weights do."""
    eager, captured = reserved("never", name, gpu), reserved("always", name, gpu)
    assert captured <= 1.15 * eager, (captured, eager)
