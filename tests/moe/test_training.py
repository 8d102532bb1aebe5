"""Mixtures in training steps: recorded with a capacity, refused with a reason without, balanced by their losses."""

from __future__ import annotations

import pytest
import torch
from flodl import FlowBuilder, TrainStep, ref
from flodl_core import TrainingError
from torch import nn

EXPERT = FlowBuilder("linear", 16, 32).through("gelu").through("linear", 32, 16)


def graph(device, **options):
    torch.manual_seed(0)
    flow = FlowBuilder("linear", 6, 16).tag("seen").moe([EXPERT] * 4, dim=16, **options).using("seen")
    tags = {"balance_loss": "balance", "z_loss": "z", "load": "load", "index": "routes"}
    return flow.tag("mix", **tags).also(EXPERT).through("linear", 16, 3).build().to(device)


def objective(model, x, y):
    fit = nn.functional.mse_loss(model(x), y)
    balance, z, load = model.tagged("balance"), model.tagged("z"), model.tagged("load")
    return fit + 0.01 * balance + 0.001 * z, {"balance": balance, "load": load}


def batch(index, device):
    x = torch.randn(24, 6, generator=torch.Generator().manual_seed(index))
    return x.to(device), x[:, :3].roll(1, 1).to(device)


def train(step, device):
    for index in range(4):
        step(*batch(index, device))


def replays(step):
    return sum(row.replays for row in step.report().rows)


@pytest.mark.parametrize("options", [{"top_k": 2}, {"top_k": 1, "noisy": True}])
@pytest.mark.usefixtures("deterministic")
def test_a_capacity_is_recorded_and_trains_as_eagerly(options, recording):
    """Losses, tags and weights, bit for bit; judgements between."""
    runs = {}
    for capture in ("never", "auto"):
        model = graph(recording, capacity=1.25, **options)
        step = TrainStep(model, objective=objective, optimizer=ref("adam", lr=0.01), capture=capture)
        torch.manual_seed(1)
        seen = []
        for index in range(30):
            loss, said = step(*batch(index, recording))
            seen += [loss, said["balance"], *said["load"], model.tagged("routes").double().mean()]
            if index % 7 == 6:
                seen.append(step.evaluate(*batch(index, recording))[0])
        runs[capture] = step, torch.stack([value.double() for value in seen]), model.state_dict()
    (_, expected, ours), (step, actual, theirs) = runs["never"], runs["auto"]
    assert replays(step) > 25, step.report()
    assert expected.equal(actual)
    assert all(ours[key].equal(theirs[key]) for key in ours)


@pytest.mark.usefixtures("deterministic")
def test_counting_is_not_recorded_and_says_what_would_be(recording):
    """With the node's line, once; the step goes on eagerly, or stops where recording was demanded."""
    reason = (
        r"moe\(\) counts each expert's tokens on the host: capacity=1.25 gives each a fixed number of places, at mix"
    )
    step = TrainStep(graph(recording), objective=objective, optimizer="adam")
    with pytest.warns(UserWarning, match=reason):
        train(step, recording)
    assert step.steps == 4
    strict = TrainStep(graph(recording), objective=objective, optimizer="adam", capture="always")
    with pytest.raises(TrainingError, match=r"cannot be captured: moe\(\) counts"):
        train(strict, recording)


def test_counted_and_placed_train_alike(device):
    """Where there is a place for every token: the same values up to rounding, for 20 steps in float64."""
    runs = []
    for capacity in (None, 2.0):
        model = graph(device, capacity=capacity).double()
        step = TrainStep(model, objective=objective, optimizer=ref("sgd", lr=0.1), capture="never")
        runs.append(torch.stack([step(*(t.double() for t in batch(index, device)))[0] for index in range(20)]))
    torch.testing.assert_close(runs[0], runs[1], rtol=1e-9, atol=1e-11)


def test_the_losses_keep_experts_in_use(device):
    """Without them a router that begins unfair stays so; with the balance loss the load comes near even."""
    loads = {}
    for weight in (0.0, 0.1):

        def weighed(model, x, y, weight=weight):
            fit = nn.functional.mse_loss(model(x), y)
            return fit + weight * model.tagged("balance"), {"load": model.tagged("load")}

        model = graph(device, top_k=1, capacity=4.0)
        with torch.no_grad():
            model.mix.router.linear.weight[1:] *= 0.1
        step = TrainStep(model, objective=weighed, optimizer=ref("adam", lr=0.01))
        for index in range(150):
            _, said = step(*batch(index, device))
        loads[weight] = said["load"].max().item()
    assert loads[0.1] < 0.45 < loads[0.0]


def test_parts_of_a_mixture_freeze_and_have_rates_by_path(device):
    """`mix.experts.0`, `mix.router`, globs."""
    model = graph(device, capacity=4.0)
    model.freeze("mix.experts.0")
    step = TrainStep(model, objective=objective, optimizer=ref("sgd", lr=0.1), groups={"mix.router": 0.0})
    held = [p.detach().clone() for path in ("mix.experts.0", "mix.router") for p in model.parameters_at(path)]
    moving = [p.detach().clone() for p in model.parameters_at("mix.experts.[123]")]
    for index in range(3):
        step(*batch(index, device))
    now = [p for path in ("mix.experts.0", "mix.router") for p in model.parameters_at(path)]
    assert all(a.equal(b) for a, b in zip(held, now, strict=True))
    assert any(not a.equal(b) for a, b in zip(moving, model.parameters_at("mix.experts.[123]"), strict=True))


def test_what_it_says_is_recorded_as_metrics(device):
    """Means of an epoch, by name."""
    model = graph(device, capacity=4.0)
    step = TrainStep(model, objective=objective, optimizer="adam")
    for index in range(3):
        _, said = step(*batch(index, device))
        model.record({"balance": said["balance"], "busiest": said["load"].max()})
    metrics = step.end_epoch()
    assert 1.0 <= metrics["balance"] < 4.0
    assert 0.25 <= metrics["busiest"] <= 1.0


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_it_trains_in_half_precision(precision, device):
    """Under autocast, with a loss scale."""
    model = graph(device, capacity=2.0)
    step = TrainStep(model, objective=objective, optimizer=ref("adam", lr=0.01), precision=precision)
    losses = [step(*batch(0, device))[0] for _ in range(30)]
    assert losses[-1] < losses[0]
