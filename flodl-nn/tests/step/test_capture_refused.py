"""What cannot be captured runs eagerly, and the report says why; `capture="always"` raises instead."""

from __future__ import annotations

import pytest
import torch
from capturing import MODELS, batch, replays, train
from flodl_core import TrainingError, ref
from flodl_core.capture import host_work
from flodl_nn import TrainStep
from torch import nn


def reads_back(model, x, y):
    """An objective with a decision of the host."""
    out = model(x)
    if out.sum().item() > 1e9:
        out = -out
    return nn.functional.mse_loss(out, y)


def test_no_gpu_no_capture():
    """On the CPU a step is eager, and says so."""
    step = TrainStep(nn.Linear(32, 4), loss="mse", optimizer="sgd")
    step(*batch(0, torch.device("cpu")))
    reason = "the model is on the CPU" if torch.cuda.is_available() else "no CUDA device"
    assert str(step.report()) == f"eager: {reason}"
    always = TrainStep(nn.Linear(32, 4), loss="mse", optimizer="sgd", capture="always")
    with pytest.raises(TrainingError, match=f'cannot be captured: {reason}\n  try: capture="auto" runs it eagerly'):
        always(*batch(0, torch.device("cpu")))


def test_never_is_said():
    """The report of a step that was told not to."""
    step = TrainStep(nn.Linear(32, 4), loss="mse", optimizer="sgd", capture="never")
    assert str(step.report()) == 'eager: capture="never"'


def test_a_wrong_word_is_an_error():
    """With the nearest right one."""
    with pytest.raises(
        TrainingError, match="capture is one of auto, always, never, got 'allways'\n  try: did you mean 'always'"
    ):
        TrainStep(nn.Linear(32, 4), loss="mse", optimizer="sgd", capture="allways")


def test_a_read_on_the_host_is_named_with_its_line(recording):
    """Said once, with the line; the training is eager's."""
    model = nn.Linear(32, 4).to(recording)
    step = TrainStep(model, objective=reads_back, optimizer=ref("sgd", lr=0.1))
    with pytest.warns(UserWarning, match="runs eagerly") as told:
        train(step, recording, 12)
    (reason,) = {str(warning.message) for warning in told}
    assert "the host reads a value back from the device, or copies one to it, at if out.sum().item() > 1e9:" in reason
    assert "test_capture_refused.py:" in reason
    assert replays(step) == 0
    assert step.steps == 12


def test_always_raises_with_the_reason(recording):
    """And the weights are those before the step."""
    model = nn.Linear(32, 4).to(recording)
    step = TrainStep(model, objective=reads_back, optimizer=ref("sgd", lr=0.1), capture="always")
    step(*batch(0, recording))
    before = model.weight.detach().clone()
    for _ in range(2):
        with pytest.raises(TrainingError, match="this step cannot be captured: the host reads a value back"):
            step(*batch(1, recording))
    assert before.equal(model.weight)
    assert step.steps == 1


def test_a_search_is_eager(recording):
    """LBFGS evaluates the loss as often as it wants."""
    model = nn.Linear(32, 4).to(recording)
    step = TrainStep(model, loss="mse", optimizer="lbfgs")
    step(*batch(0, recording))
    assert step.report().reason == "LBFGS evaluates the loss itself, as often as it wants"
    always = TrainStep(model, loss="mse", optimizer="lbfgs", capture="always")
    with pytest.raises(TrainingError, match="cannot be captured: LBFGS evaluates the loss itself"):
        always(*batch(0, recording))


def test_host_work_refuses_in_a_trial(recording):
    """What does work on the host says so, such as `graph.record` inside an objective."""

    def objective(model, x, y):
        host_work("record() adds up on the host")
        return nn.functional.mse_loss(model(x), y)

    step = TrainStep(nn.Linear(32, 4).to(recording), objective=objective, optimizer="sgd")
    with pytest.warns(UserWarning, match=r"record\(\) adds up on the host"):
        train(step, recording, 3)


def test_a_tensor_elsewhere_is_named(gpu):
    """A batch on the CPU would have to be waited for."""

    def objective(model, x, y):
        return nn.functional.mse_loss(model(x.cuda()), y.cuda())

    step = TrainStep(nn.Linear(32, 4).to(gpu), objective=objective, optimizer="sgd")
    with pytest.warns(UserWarning, match="a tensor of the batch is on cpu, and the model on cuda:0"):
        train(step, torch.device("cpu"), 3)
    assert step.steps == 3


def test_an_argument_without_an_identity_is_named(recording):
    """It could be another thing at each call."""

    def objective(model, x, y, options):
        return nn.functional.mse_loss(model(x) * options["scale"][0], y)

    step = TrainStep(nn.Linear(32, 4).to(recording), objective=objective, optimizer="sgd")
    odd = type("Odd", (), {"__hash__": None, "__getitem__": lambda self, key: [1.0]})()
    with pytest.warns(UserWarning, match="a Odd among the arguments cannot be told from another"):
        train(step, recording, 3, odd)


def test_an_error_of_the_users_is_the_users(recording):
    """A batch that does not fit fails as it does without capture, and the next ones train on."""
    step = TrainStep(nn.Linear(32, 4).to(recording), loss="mse", optimizer="sgd")
    for index in range(3):
        step(*batch(index, recording))
    for _ in range(3):
        with pytest.raises(RuntimeError, match="shape"):
            step(torch.randn(4, 5, device=recording), torch.randn(4, 4, device=recording))
    step(*batch(4, recording))
    assert step.steps == 4


def test_a_failed_recording_leaves_the_process_healthy(gpu):
    """What only the recording itself finds: random numbers, other recordings and memory go on as before."""

    def objective(model, x, y):
        torch.cuda.synchronize()
        return nn.functional.mse_loss(model(x), y)

    step = TrainStep(MODELS["dropout"]().to(gpu), objective=objective, optimizer="adam")
    with pytest.warns(UserWarning, match="runs eagerly"):
        train(step, gpu, 4)
    assert step.steps == 4
    torch.randn(8, device=gpu)
    other = TrainStep(MODELS["dropout"]().to(gpu), loss="mse", optimizer="adam", capture="always")
    held = []
    for index in range(30):
        other(*batch(index, gpu))
        step(*batch(index, gpu))
        held.append(torch.cuda.memory_allocated())
    assert replays(other) == 29
    assert held[-1] <= held[5]


def test_ever_new_shapes_do_not_end_in_ever_new_recordings(recording):
    """Sixteen are kept; each that went makes the next wait longer."""
    step = TrainStep(nn.Linear(32, 4).to(recording), loss="mse", optimizer="sgd")
    for _ in range(3):
        for rows in range(1, 31):
            step(*batch(0, recording, rows=rows))
    rows = step.report().rows
    assert sum(row.captured for row in rows) == 16
    assert len(rows) == 30
