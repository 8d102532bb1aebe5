"""Graphs under capture: every construct trains as eagerly, carries its state, and names what cannot be recorded."""

from __future__ import annotations

import pytest
import torch
from flodl import FlowBuilder, TrainStep, ref
from torch import nn

pytestmark = pytest.mark.usefixtures("deterministic")


def block(dim=16):
    return FlowBuilder("linear", dim, dim).through("gelu").through("layer_norm", dim)


MODELS = {
    "chain": lambda: block().through("dropout", 0.2).through("linear", 16, 4),
    "also": lambda: block().also(block()).also("linear", 16, 16).through("linear", 16, 4),
    "split": lambda: block().split(block(), ref("linear", 16, 16)).merge("mean").through("linear", 16, 4),
    "gated": lambda: (
        block()
        .tag("encoded")
        .gate(ref("softmax_router", dim=16), [block(), block(), block()])
        .using("encoded")
        .through("linear", 16, 4)
    ),
    "loop": lambda: block().loop_body(FlowBuilder().also(block())).for_n(4).tag("refined").through("linear", 16, 4),
    "halts per sample": lambda: (
        block().loop_body(block()).until_cond(ref("learned_halt", 16), 4, per="sample").through("linear", 16, 4)
    ),
    "switch per sample": lambda: (
        block().switch(ref("argmax_selector", dim=16), [block(), block()], per="sample").through("linear", 16, 4)
    ),
    "gru": lambda: block().through("gru_cell", 16, 16).through("linear", 16, 4),
    "map": lambda: block().map(ref("linear", 4, 4)).batched().slices(4).through("linear", 16, 4),
    "carried": lambda: block().through("state_add").using("memory").tag("memory").through("linear", 16, 4),
}


def batch(index, device):
    x = torch.randn(24, 16, generator=torch.Generator().manual_seed(index))
    return x.to(device), x[:, :4].roll(1, 1).to(device)


def training(make, device, capture, steps=60, **changes):
    """Losses, the last tagged value of each step, and the step."""
    torch.manual_seed(0)
    model = make().build().to(device)
    step = TrainStep(model, **{"loss": "mse", "optimizer": ref("adam", lr=1e-2), "capture": capture, **changes})
    torch.manual_seed(1)
    seen = []
    for index in range(steps):
        if index % 20 == 0:
            model.reset_state()
        seen.append(step(*batch(index, device)))
        if model._observed:
            seen.append(model.tagged(model._observed[0]).sum())
        if index % 7 == 6:
            seen.append(step.evaluate(*batch(index, device)))
    return step, torch.stack(seen)


def train(step, device):
    for index in range(4):
        step(*batch(index, device))


def replays(step):
    return sum(row.replays for row in step.report().rows)


@pytest.mark.parametrize("name", MODELS)
def test_every_construct_trains_the_same(name, recording):
    """Losses, tagged values and weights of captured and eager runs, bit for bit."""
    eager, expected = training(MODELS[name], recording, "never")
    captured, actual = training(MODELS[name], recording, "auto")
    assert replays(captured) > 45, captured.report()
    assert expected.equal(actual)
    ours, theirs = eager.model.state_dict(), captured.model.state_dict()
    assert all(ours[key].equal(theirs[key]) for key in ours)


def test_back_propagation_through_calls_is_recorded(recording):
    """An objective that calls the model several times lets gradients flow through what it carries."""

    def objective(model, x, y):
        first = model(x)
        return nn.functional.mse_loss(model(x), y) + nn.functional.mse_loss(first, y)

    changes = {"loss": None, "objective": objective}
    _, expected = training(MODELS["carried"], recording, "never", **changes)
    captured, actual = training(MODELS["carried"], recording, "auto", **changes)
    assert expected.equal(actual)
    assert replays(captured) > 45


def test_a_halt_of_the_host_is_named_with_its_node(recording):
    """The node's line of the graph's code, with the user's own beside it."""
    flow = block().loop_body(block()).until_cond(ref("learned_halt", 16), 4).tag("refined").through("linear", 16, 4)
    model = flow.build().to(recording)
    step = TrainStep(model, loss="mse", optimizer="sgd")
    with pytest.warns(UserWarning, match=r"reads a value back .*, at refined = self.refined\(x\) # test_"):
        train(step, recording)
    assert step.steps == 4


def test_recording_numbers_in_an_objective_is_named(recording):
    """A replay would not add them up."""
    model = block().through("linear", 16, 4).build().to(recording)

    def objective(model, x, y):
        loss = nn.functional.mse_loss(model(x), y)
        model.record("loss", loss)
        return loss

    step = TrainStep(model, objective=objective, optimizer="sgd")
    with pytest.warns(UserWarning, match=r"record\(\) adds up on the host: return \(loss, \{...\}\)"):
        train(step, recording)
    assert step.end_epoch().keys() == {"loss"}


def test_a_plugins_optimizer_runs_after_the_replay(recording):
    """One that reads its rate on the host: gradients are replayed, updates are its own."""
    changes = {"optimizer": ref("lion", lr=1e-3)}
    _, expected = training(MODELS["chain"], recording, "never", **changes)
    captured, actual = training(MODELS["chain"], recording, "auto", **changes)
    assert expected.equal(actual)
    assert replays(captured) > 45
    assert captured.report().reason == "Lion reads its rate on the host: its update runs after each replay"


def test_a_search_carries_state(device):
    """LBFGS evaluates a batch several times, each time from what the graph carried when the step began."""
    torch.manual_seed(0)
    model = MODELS["carried"]().build().to(device)
    step = TrainStep(model, loss="mse", optimizer=ref("lbfgs", lr=0.1))
    losses = [step(*batch(0, device)).item() for _ in range(4)]
    assert losses[-1] < losses[0]
    assert not model.tagged("memory").requires_grad
