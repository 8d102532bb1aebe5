"""fp32, tf32, bf16 and fp16: what each does around the work, and that all of them learn."""

from __future__ import annotations

import pytest
import torch
from flodl_core import ref
from flodl_nn import TrainStep
from flodl_nn.step.precision import Precision
from torch import nn
from torch.nn import functional as F


@pytest.mark.parametrize("fused", [None, False])
@pytest.mark.parametrize("precision", ["fp32", "tf32", "bf16", "fp16"])
def test_every_precision_learns(precision, fused, device):
    """A straight line, with clipping and accumulation; weights stay float32."""
    torch.manual_seed(0)
    model = nn.Linear(4, 1).to(device)
    step = TrainStep(
        model,
        loss="mse",
        optimizer=ref("adam", lr=0.05, fused=fused),
        precision=precision,
        clip_norm=1.0,
        accumulate=2,
    )
    x = torch.randn(64, 4, device=device)
    losses = [step(x, x.sum(1, keepdim=True)) for _ in range(200)]
    assert losses[-1].item() < 0.02 * losses[0].item()
    assert model.weight.dtype == torch.float32
    assert step.evaluate(x, x.sum(1, keepdim=True)).item() == pytest.approx(losses[-1].item(), rel=0.5, abs=0.01)


def test_half_precision_is_autocast_by_hand(device):
    """bf16: forward and loss under autocast, backward outside, bit for bit."""
    torch.manual_seed(0)
    model, plain = nn.Linear(4, 4).to(device), nn.Linear(4, 4).to(device)
    plain.load_state_dict(model.state_dict())
    step = TrainStep(model, loss="mse", optimizer=ref("sgd", lr=0.125), precision="bf16")
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.125, fused=True)
    x = torch.randn(8, 4, device=device)
    for _ in range(5):
        optimizer.zero_grad()
        with torch.autocast(device.type, dtype=torch.bfloat16):
            loss = F.mse_loss(plain(x), x)
        loss.backward()
        optimizer.step()
        assert loss.detach().equal(step(x, x))


def test_an_overflow_skips_the_update_and_lowers_the_scale(device):
    """fp16: infinite gradients move nothing, and the scaler's state is saved."""
    model = nn.Linear(1, 1).to(device)
    step = TrainStep(model, objective=lambda m, x: m(x).float().sum() * x.sum(), optimizer="sgd", precision="fp16")
    before = model.weight.detach().clone()
    scale = step.state_dict()["scaler"]["scale"]
    step(torch.full((1, 1), float("inf"), device=device))
    assert before.equal(model.weight)
    assert step.state_dict()["scaler"]["scale"] == scale / 2


def test_tf32_is_admitted_within_the_step_only():
    """Both switches of PyTorch, by either of its interfaces, and back as they were."""
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    with Precision.parse("tf32").around_step():
        assert (torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32) == (True, True)
    assert before == (torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32)
