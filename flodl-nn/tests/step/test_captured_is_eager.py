"""Captured training is eager training: the same TrainStep with `capture="never"`, bit for bit."""

from __future__ import annotations

import pytest
import torch
from capturing import MODELS, batch, replays, run, same
from flodl_core import components, ref
from flodl_nn import TrainStep, cosine, warmup
from torch import nn

pytestmark = pytest.mark.usefixtures("deterministic")

SETTINGS = {
    "plain": {},
    "schedule": {"schedule": warmup(10).then(cosine(110))},
    "clipping": {"clip_norm": 0.05},
    "groups": {"groups": {"*.bias": {"weight_decay": 0.1}, "*.weight": 1e-3}},
    "accumulation": {"accumulate": 3, "clip_norm": 0.1},
    "bf16": {"precision": "bf16"},
    "fp16": {"precision": "fp16", "clip_norm": 0.1},
    "fp16 accumulation": {"precision": "fp16", "accumulate": 2},
    "tf32": {"precision": "tf32"},
    "sgd": {"optimizer": ref("sgd", lr=0.05, momentum=0.9, weight_decay=0.01)},
    "adamw": {"optimizer": ref("adamw", lr=1e-2, weight_decay=0.1), "schedule": cosine(120)},
}


def compared(make, device, **changes):
    """Both runs, which must be the same; the captured one."""
    eager, expected = run(make, device, "never", **changes)
    captured, actual = run(make, device, "auto", **changes)
    assert expected.equal(actual), (expected - actual).abs().max()
    assert same(eager, captured)
    assert replays(eager) == 0
    return captured


@pytest.mark.parametrize("name", MODELS)
def test_every_model_trains_the_same(name, recording):
    """Losses, weights, statistics and moments after 120 steps with odd batches and evaluations in between."""
    if name == "lstm" and recording.type == "cpu":
        pytest.skip("oneDNN's LSTM keeps a workspace that operations played back do not share")
    captured = compared(MODELS[name], recording)
    assert replays(captured) > 90
    assert not any(row.reason for row in captured.report().rows)


@pytest.mark.parametrize("model", ["dropout", "convnet"])
@pytest.mark.parametrize("setting", [name for name in SETTINGS if name != "plain"])
def test_every_setting_trains_the_same(setting, model, recording):
    """Whatever a step can be told, with random numbers and with running statistics."""
    captured = compared(MODELS[model], recording, **SETTINGS[setting])
    assert replays(captured) > 60
    assert not any(row.reason for row in captured.report().rows)


OPTIMIZERS = [
    component
    for component in components.list("optimizer")
    if component.origin.distribution == "flodl-nn" and component.name not in ("lbfgs", "sparseadam", "muon")
]


@pytest.mark.parametrize("name", [component.name for component in OPTIMIZERS])
def test_every_optimizer_trains_the_same(name, gpu):
    """Recorded with the step, or run after it where torch cannot record it."""
    example = next(component.spec.example for component in OPTIMIZERS if component.name == name)
    captured = compared(MODELS["mlp"], gpu, optimizer=ref(name, *example.args, **example.kwargs), schedule=cosine(200))
    assert replays(captured) > 90, captured.report()


def test_an_unfused_optimizer_is_recorded(gpu):
    """In torch's capturable form, which both runs use."""
    captured = compared(MODELS["mlp"], gpu, optimizer=ref("adam", lr=1e-2, fused=False), schedule=cosine(200))
    assert captured.report().reason is None


def test_a_built_optimizer_that_reads_its_rate_on_the_host_runs_after_the_replay(gpu):
    """torch's plain SGD: gradients are replayed, the update is eager, and the report says so."""

    def training(capture):
        torch.manual_seed(0)
        model = MODELS["mlp"]().to(gpu)
        step = TrainStep(model, loss="mse", optimizer=torch.optim.SGD(model.parameters(), 0.1), capture=capture)
        return step, torch.stack([step(*batch(index, gpu)) for index in range(20)])

    (eager, expected), (captured, actual) = training("never"), training("auto")
    assert expected.equal(actual)
    assert same(eager, captured)
    assert replays(captured) == 19
    assert captured.report().reason == "SGD reads its rate on the host: its update runs after each replay"


@pytest.mark.parametrize("accumulate", [1, 3])
def test_freezing_and_thawing_recapture(accumulate, recording):
    """Parts leave and join in the middle of a run, also of a window, and rates and options change by hand."""

    def training(capture):
        torch.manual_seed(0)
        model = MODELS["dropout"]().to(recording)
        step = TrainStep(
            model, loss="mse", optimizer=ref("adamw", lr=1e-2), accumulate=accumulate, clip_norm=1.0, capture=capture
        )
        torch.manual_seed(1)
        losses = []
        for index in range(90):
            if index in (20, 60):
                model[0].requires_grad_(False)
            if index == 40:
                model[0].requires_grad_(True)
            if index == 50:
                step.optimizer.param_groups[0]["lr"] = 1e-3
            if index == 55:
                step.optimizer.param_groups[0]["weight_decay"] = 0.5
            if index == 70:
                model[2].eval()
            if index == 80:
                model[3] = nn.Linear(64, 4, device=recording)
            losses.append(step(*batch(index, recording)))
        return step, torch.stack(losses)

    (eager, expected), (captured, actual) = training("never"), training("auto")
    assert expected.equal(actual)
    assert same(eager, captured)
    assert replays(captured) > 0


def test_other_memory_recaptures(recording):
    """`p.data = ...` and `.to()` put parameters elsewhere; a replay would train what nobody sees any more."""
    step, _ = run(MODELS["mlp"], recording, "auto", steps=20)
    eager, _ = run(MODELS["mlp"], recording, "never", steps=20)
    for each in (step, eager):
        for parameter in each.model.parameters():
            parameter.data = parameter.data.clone()
    losses = [torch.stack([each(*batch(index, recording)) for index in range(6)]) for each in (eager, step)]
    assert losses[0].equal(losses[1])
    assert same(eager, step)


def test_a_state_goes_from_captured_to_eager_and_back(recording):
    """What is saved does not tell how it was computed."""
    whole, _ = run(MODELS["mlp"], recording, "never", steps=30, accumulate=2)
    captured, _ = run(MODELS["mlp"], recording, "auto", steps=15, accumulate=2)
    eager, _ = run(MODELS["mlp"], recording, "never", steps=15, accumulate=2)
    assert same(captured, eager)
    for first, then in (("auto", "never"), ("never", "auto")):
        half, _ = run(MODELS["mlp"], recording, first, steps=15, accumulate=2)
        again, _ = run(MODELS["mlp"], recording, then, steps=0 + 6, accumulate=2)
        again.model.load_state_dict(half.model.state_dict())
        again.load_state_dict(half.state_dict())
        for index in range(15, 30):
            again(*batch(index, recording, rows=32 if index % 10 != 9 else 7))
        assert same(whole, again)


def test_a_hundred_losses_hold_a_hundred_values(recording):
    """Nothing that a step returned is overwritten by the next."""
    torch.manual_seed(0)
    step = TrainStep(MODELS["mlp"]().to(recording), loss="mse", optimizer="adam")
    losses, values = [], []
    for index in range(100):
        losses.append(step(*batch(index, recording)))
        values.append(losses[-1].item())
    assert values == [loss.item() for loss in losses]
    assert len(set(values)) == 100


def test_objectives_in_every_form(recording):
    """A tuple with parts, arguments by name, numbers and switches beside tensors."""

    def objective(model, x, y, scale=1.0, *, doubled=False):
        out = model(x * scale)
        loss = nn.functional.mse_loss(out, y)
        return (2 * loss if doubled else loss), {"out": out.sum(), "rows": len(x)}

    def training(capture):
        torch.manual_seed(0)
        step = TrainStep(
            MODELS["mlp"]().to(recording), objective=objective, optimizer=ref("adam", lr=1e-2), capture=capture
        )
        given = [step(*batch(i, recording), 0.5 if i % 3 else 1.0, doubled=i % 4 == 0) for i in range(40)]
        return step, torch.stack([torch.stack([loss, parts["out"]]) for loss, parts in given])

    (eager, expected), (captured, actual) = training("never"), training("auto")
    assert expected.equal(actual)
    assert same(eager, captured)
    assert len(captured.report().rows) == 4


def test_a_batch_is_the_users(recording):
    """Recordings have copies of their own to read: no batch is written to, nor read after its call."""
    torch.manual_seed(0)
    step = TrainStep(MODELS["mlp"]().to(recording), loss="mse", optimizer="adam")
    given = [batch(index, recording) for index in range(6)]
    for x, y in given:
        step(x, y)
    for index, (x, y) in enumerate(given):
        expected_x, expected_y = batch(index, recording)
        assert expected_x.equal(x)
        assert expected_y.equal(y)
    assert replays(step) == 5
