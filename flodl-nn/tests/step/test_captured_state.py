"""What a model binds on the host from call to call is there after a replay, and read by the next one."""

from __future__ import annotations

import pytest
import torch
from capturing import batch, replays, train
from flodl_core import ref
from flodl_nn import TrainStep
from torch import nn

pytestmark = pytest.mark.usefixtures("deterministic")


class Keeps(nn.Module):
    """Carries a tensor in a plain attribute, and shows another."""

    def __init__(self):
        super().__init__()
        self.linear, self.hidden, self.shown = nn.Linear(32, 4), None, None

    def forward(self, x):
        out = self.linear(x)
        if self.hidden is not None:
            out = out + 0.5 * self.hidden
        self.hidden, self.shown = out.detach(), out.square().mean()
        return out


class Carries(nn.Module):
    """The same in the dicts that a graph has."""

    def __init__(self):
        super().__init__()
        self.linear, self.carried, self.kept = nn.Linear(32, 4), {}, {}

    def forward(self, x):
        out = self.linear(x)
        if "hidden" in self.carried:
            out = out + 0.5 * self.carried["hidden"]
        self.carried["hidden"], self.kept["shown"] = out, out.square().mean()
        return out

    def detach_state(self):
        self.carried = {name: value.detach() for name, value in self.carried.items()}
        self.kept = {name: value.detach() for name, value in self.kept.items()}


def looks(model):
    """What the model holds after a call."""
    if isinstance(model, Keeps):
        return torch.cat([model.hidden.flatten(), model.shown.detach().reshape(1)])
    return torch.cat([model.carried["hidden"].flatten(), model.kept["shown"].reshape(1)])


@pytest.mark.parametrize("kind", [Keeps, Carries])
def test_state_goes_from_call_to_call(kind, recording):
    """Through eager and replayed calls in turn, and from its beginning again."""

    def training(capture):
        torch.manual_seed(0)
        model = kind().to(recording)
        step = TrainStep(model, loss="mse", optimizer=ref("adam", lr=1e-2), capture=capture)
        given = []
        for index in range(60):
            if index % 20 == 0:
                model.hidden, model.carried = None, {}
            given.append(torch.cat([step(*batch(index, recording)).reshape(1), looks(model)]))
        return step, torch.stack(given)

    (_, expected), (captured, actual) = training("never"), training("auto")
    assert expected.equal(actual)
    assert replays(captured) > 40, captured.report()


class Counts(nn.Module):
    """Does a little less at each call, by a number that Python keeps."""

    def __init__(self):
        super().__init__()
        self.linear, self.calls = nn.Linear(32, 4), 0

    def forward(self, x):
        self.calls += 1
        return self.linear(x) / self.calls


def test_a_counter_on_the_host_is_named(recording):
    """It would stand still under replays; the run is eager, and the trial is not counted."""
    model = Counts().to(recording)
    step = TrainStep(model, loss="mse", optimizer="sgd")
    with pytest.warns(UserWarning, match="runs eagerly: the step changes 'calls' on the host"):
        train(step, recording, 5)
    assert model.calls == 5
    assert [5] == [row.eager for row in step.report().rows]


def test_a_number_frozen_in_is_caught(recording):
    """A number that Python keeps outside the model: two steps of the trial differ, and nothing is lost."""
    scale = [1.0]

    def objective(model, x, y):
        scale[0] *= 0.9
        return nn.functional.mse_loss(model(x) * scale[0], y)

    step = TrainStep(nn.Linear(32, 4).to(recording), objective=objective, optimizer="sgd")
    with pytest.warns(UserWarning, match="two eager steps from the same state, with the same batch, differ by"):
        train(step, recording, 4)
    assert replays(step) == 0


def test_a_number_that_changes_later_is_caught_by_the_next_look(recording):
    """Set by hand between two steps: the replay after 9 others is taken back, and training goes on eagerly."""
    scale = [1.0]

    def objective(model, x, y):
        return nn.functional.mse_loss(model(x) * scale[0], y)

    def training(capture, change):
        torch.manual_seed(0)
        scale[0] = 1.0
        step = TrainStep(nn.Linear(32, 4).to(recording), objective=objective, optimizer="sgd", capture=capture)
        for index in range(20):
            if index == change:
                scale[0] = 3.0
            step(*batch(index, recording))
        return step

    with pytest.warns(UserWarning, match="a replay is not the step: .* is off by"):
        captured = training("auto", change=10)
    assert torch.equal(training("never", change=10).model.weight, captured.model.weight)
    (row,) = captured.report().rows
    assert not row.captured
    assert row.replays == 9


def test_random_numbers_of_the_host_are_named(gpu):
    """A replay would not draw them."""

    def objective(model, x, y):
        return nn.functional.mse_loss(model(x) * torch.rand(()).item(), y)

    step = TrainStep(nn.Linear(32, 4).to(gpu), objective=objective, optimizer="sgd")
    with pytest.warns(UserWarning, match="draws random numbers on the host"):
        train(step, gpu, 3)


def test_a_replaced_buffer_is_named(recording):
    """A replay would read the old one for ever."""

    class Average(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(32, 4)
            self.register_buffer("mean", torch.zeros(4))

        def forward(self, x):
            out = self.linear(x)
            self.mean = 0.9 * self.mean + 0.1 * out.detach().mean(0)
            return out + self.mean

    step = TrainStep(Average().to(recording), loss="mse", optimizer="sgd")
    with pytest.warns(UserWarning, match="the step replaces buffer mean instead of changing it in place"):
        train(step, recording, 3)
