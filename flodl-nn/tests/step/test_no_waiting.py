"""On a GPU nothing in a step waits for the device: torch raises at the first call that would."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from flodl_core import ref
from flodl_nn import EMA, TrainStep, cosine, warmup
from torch import nn

pytestmark = pytest.mark.skipif(
    os.environ.get("FLODL_TEST_DEVICE", "cpu") == "cpu", reason="only a GPU can be waited for"
)


@contextmanager
def no_waiting() -> Iterator[None]:
    """torch raises at the first call inside that would wait for the GPU."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Synchronization debug mode is a prototype")
            torch.cuda.set_sync_debug_mode("error")
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


SETTINGS = {
    "plain": {},
    "all": {
        "groups": {"2": 1e-3, "*.bias": {"weight_decay": 0.0}},
        "schedule": warmup(3).then(cosine(20)),
        "clip_norm": 0.1,
        "accumulate": 2,
    },
    "bf16": {"precision": "bf16", "clip_norm": 1.0},
    "fp16": {"precision": "fp16", "clip_norm": 1.0},
    "tf32": {"precision": "tf32"},
    "unfused": {"optimizer": ref("adamw", fused=False)},
    "own loss": {"loss": ref("focal", alpha=[0.2, 0.3, 0.5])},
    "objective": {"loss": None, "objective": lambda m, x, y: (nn.functional.cross_entropy(m(x), y), {"n": m(x).sum()})},
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_step_reads_nothing_back(setting, device):
    """Neither learning, nor evaluating, nor averaging weights, nor freezing a part."""
    model = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 3)).to(device)
    changes = {"optimizer": ref("adamw"), "capture": "never", **SETTINGS[setting]}
    step = TrainStep(model, **{"loss": "cross_entropy", **changes})
    ema = EMA(model)
    x, y = torch.randn(16, 4, device=device), torch.randint(0, 3, (16,), device=device)
    step(x, y)  # the loss follows the model to its device at the first batch
    with no_waiting():
        for index in range(6):
            step(x, y)
            ema.update()
            model[0].requires_grad_(index % 3 != 1)
        with ema.applied():
            step.evaluate(x, y)
        step.end_epoch()
    assert step.steps > 0


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_replay_reads_nothing_back(setting, device):
    """Once recorded and proved, up to the next proof."""
    model = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 3)).to(device)
    changes = {"optimizer": ref("adamw"), "capture": "always", **SETTINGS[setting]}
    step = TrainStep(model, **{"loss": "cross_entropy", **changes})
    x, y = torch.randn(16, 4, device=device), torch.randint(0, 3, (16,), device=device)
    for _ in range(30):
        step(x, y)
        step.evaluate(x, y)
    with no_waiting():
        for _ in range(30):
            step(x, y)
            step.evaluate(x, y)
