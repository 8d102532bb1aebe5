"""The oracle: the lines everyone writes by hand, in plain PyTorch, bit for bit."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from flodl_core import ref
from flodl_nn import TrainStep
from torch import Tensor, nn
from torch.nn import functional as F

OPTIMIZERS: dict[str, tuple[Callable[..., torch.optim.Optimizer], dict[str, Any]]] = {
    "sgd": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}),
    "adam": (torch.optim.Adam, {"lr": 0.01}),
    "adamw": (torch.optim.AdamW, {"lr": 0.01, "weight_decay": 0.1}),
}


def given(rate: float, device: torch.device) -> float:
    """A rate as the step hands it to the optimizer: a tensor of the device where there is one, in single precision."""
    return rate if device.type == "cpu" else torch.tensor(rate).item()


def a_model(device: torch.device) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 3)).to(device)


def batches(device: torch.device, count: int = 12) -> Iterator[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(1)
    for _ in range(count):
        x = torch.randn(16, 4, generator=generator)
        yield x.to(device), x.sum(1).sign().add(1).long().to(device)


def by_hand(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    data: Iterator[tuple[Tensor, Tensor]],
    clip: float | None,
    accumulate: int,
) -> list[Tensor]:
    losses = []
    for index, (x, y) in enumerate(data):
        if index % accumulate == 0:
            optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        (loss / accumulate if accumulate > 1 else loss).backward()
        if (index + 1) % accumulate == 0:
            if clip is not None:
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimizer.step()
        losses.append(loss.detach())
    return losses


@pytest.mark.parametrize("accumulate", [1, 3])
@pytest.mark.parametrize("clip", [None, 0.05])
@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_losses_and_weights_are_those_of_the_loop_by_hand(name, grouped, clip, accumulate, device):
    """Every optimizer, with and without groups, clipping and accumulation."""
    make, options = OPTIMIZERS[name]
    ours = a_model(device)
    plain = copy.deepcopy(ours)
    groups = {"2": 0.05, "*.bias": {"weight_decay": 0.0}} if grouped else None
    step = TrainStep(
        ours,
        loss="cross_entropy",
        optimizer=ref(name, **options),
        groups=groups,
        clip_norm=clip,
        accumulate=accumulate,
    )
    parts: Any = plain.parameters()
    if grouped:
        parts = [
            {"params": [plain[0].weight]},
            {"params": [plain[0].bias], "weight_decay": 0.0},
            {"params": [plain[2].weight], "lr": 0.05},
            {"params": [plain[2].bias], "lr": 0.05, "weight_decay": 0.0},
        ]
    optimizer = make(parts, **options, fused=True)
    for group in optimizer.param_groups:
        group["lr"] = given(group["lr"], device)

    losses = [step(x, y) for x, y in batches(device)]

    assert torch.stack(by_hand(plain, optimizer, batches(device), clip, accumulate)).equal(torch.stack(losses))
    for expected, actual in zip(plain.parameters(), ours.parameters(), strict=True):
        assert expected.equal(actual)


def test_an_unfused_optimizer_is_as_the_user_asked(device):
    """`fused=False` gives the bits of torch's plain kernel."""
    ours = a_model(device)
    plain = copy.deepcopy(ours)
    step = TrainStep(ours, loss="cross_entropy", optimizer=ref("adam", lr=0.01, fused=False))
    losses = [step(x, y) for x, y in batches(device)]
    on_gpu = device.type == "cuda"  # there the step asks for the capturable form, captured or not
    rate = torch.tensor(0.01, device=device) if on_gpu else 0.01
    optimizer = torch.optim.Adam(plain.parameters(), lr=rate, fused=False, capturable=on_gpu)
    assert torch.stack(by_hand(plain, optimizer, batches(device), None, 1)).equal(torch.stack(losses))


def test_a_hundred_returned_losses_hold_a_hundred_values(device):
    """Each is a tensor of its own: nothing is overwritten by the next step."""
    step = TrainStep(a_model(device), loss="cross_entropy", optimizer=ref("sgd", lr=0.1))
    losses, values = [], []
    for x, y in batches(device, 100):
        losses.append(step(x, y))
        values.append(losses[-1].item())
    assert values == [loss.item() for loss in losses]
    assert len(set(values)) == 100
    assert {(loss.shape, loss.requires_grad, loss.grad_fn) for loss in losses} == {(torch.Size([]), False, None)}


def test_an_odd_window_updates_by_the_mean_of_what_it_has(device):
    """`end_epoch` closes it: two batches of a window of four."""
    ours, data = a_model(device), list(batches(device, 2))
    plain = copy.deepcopy(ours)
    step = TrainStep(ours, loss="cross_entropy", optimizer=ref("sgd", lr=0.1), accumulate=4)
    for x, y in data:
        step(x, y)
    assert step.steps == 0
    step.end_epoch()
    assert (step.steps, step.epoch) == (1, 1)

    torch.stack([F.cross_entropy(plain(x), y) for x, y in data]).mean().backward()
    torch.optim.SGD(plain.parameters(), lr=0.1).step()
    for expected, actual in zip(plain.parameters(), ours.parameters(), strict=True):
        torch.testing.assert_close(actual, expected)


def test_a_schedule_is_the_rate_of_each_update(device):
    """Base times factor for each group, ratios kept; the same by hand."""
    from flodl_nn import cosine, warmup

    schedule = warmup(3).then(cosine(9, floor=0.1))
    ours = a_model(device)
    plain = copy.deepcopy(ours)
    step = TrainStep(ours, loss="cross_entropy", optimizer=ref("sgd", lr=0.2), groups={"2": 0.02}, schedule=schedule)
    optimizer = torch.optim.SGD(
        [{"params": plain[0].parameters()}, {"params": plain[2].parameters(), "lr": 0.02}], lr=0.2, fused=True
    )
    for index, (x, y) in enumerate(batches(device)):
        optimizer.param_groups[0]["lr"] = given(schedule.lr(index, 0.2), device)
        optimizer.param_groups[1]["lr"] = given(schedule.lr(index, 0.02), device)
        assert schedule.lr(index, 0.2) == step.lr
        expected = by_hand(plain, optimizer, iter([(x, y)]), None, 1)[0]
        assert expected.equal(step(x, y))


def test_lbfgs_searches_as_by_hand(device):
    """An optimizer that evaluates the loss itself gets its closure."""
    ours = a_model(device)
    plain = copy.deepcopy(ours)
    x, y = next(batches(device))
    step = TrainStep(ours, loss="cross_entropy", optimizer=torch.optim.LBFGS(ours.parameters(), lr=0.5))
    optimizer = torch.optim.LBFGS(plain.parameters(), lr=0.5)

    def closure() -> float:
        optimizer.zero_grad()
        loss = F.cross_entropy(plain(x), y)
        loss.backward()
        return float(loss.detach())

    for _ in range(3):
        first = optimizer.step(closure)
        assert float(step(x, y)) == pytest.approx(first, rel=1e-6)
    assert step.steps == 3
