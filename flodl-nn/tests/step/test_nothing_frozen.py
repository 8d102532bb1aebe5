"""Whatever is changed by hand between two steps takes effect at the next one, recorded or not."""

from __future__ import annotations

import functools

import pytest
import torch
from capturing import batch, replays, train
from flodl_core import ref
from flodl_nn import TrainStep
from torch import nn

pytestmark = pytest.mark.usefixtures("deterministic")


class Scaled(nn.Module):
    """A network with numbers and tensors of its own in plain attributes."""

    def __init__(self, device):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(32, 16), nn.BatchNorm1d(16), nn.Dropout(0.5), nn.Linear(16, 4)).to(device)
        self.temperature, self.mask, self.halved = 1.0, torch.ones(4, device=device), False

    def forward(self, x):
        out = self.body(x) * self.mask / self.temperature
        return out / 2 if self.halved else out


def trained(recording, capture, change, *, make=Scaled, objective=None, built=None):
    """Twelve steps with a change before the sixth and another before the ninth; step, and all that it left."""
    torch.manual_seed(0)
    model = make(recording)
    how = {"loss": "mse"} if objective is None else {"objective": objective}
    optimizer = ref("adam", lr=1e-2) if built is None else built(model)
    step = TrainStep(model, optimizer=optimizer, capture=capture, **how)
    losses = []
    for index in range(12):
        if index in (5, 8):
            change(step, index == 5)
        losses.append(step(*batch(index, recording)))
    return step, [torch.stack(losses), *model.state_dict().values()]


def assert_same(expected, actual, captured, least):
    assert all(map(torch.equal, expected, actual)), captured.report()
    assert replays(captured) >= least, captured.report()


def _dropout(step, first):
    step.model.body[2].p = 0.1 if first else 0.0


def _momentum(step, first):
    step.model.body[1].momentum = 0.9 if first else 0.1


def _number(step, first):
    step.model.temperature = 2.0 if first else 3.0


def _switch(step, first):
    step.model.halved = first


def _tensor(step, first):
    step.model.mask = torch.full((4,), 2.0 if first else 3.0, device=step.model.body[0].weight.device)


@pytest.mark.parametrize("change", [_dropout, _momentum, _number, _switch, _tensor])
def test_what_modules_hold_in_plain_attributes(change, recording):
    """A probability, a number, a switch, a mask."""
    _, expected = trained(recording, "never", change)
    captured, actual = trained(recording, "auto", change)
    assert_same(expected, actual, captured, least=6)


def test_a_tensor_that_is_another_at_each_step_is_copied_in(recording):
    """After its first change the step knows that it is read, and is recorded once more, not for each of them."""

    def training(capture):
        torch.manual_seed(0)
        model = Scaled(recording)
        step = TrainStep(model, loss="mse", optimizer="adam", capture=capture)
        losses = []
        for index in range(20):
            model.mask = torch.full((4,), float(index), device=recording)
            losses.append(step(*batch(index, recording)))
        return step, torch.stack(losses)

    (_, expected), (captured, actual) = training("never"), training("auto")
    assert expected.equal(actual)
    assert replays(captured) > 15, captured.report()


def test_a_number_that_is_another_at_each_step_is_told(recording):
    """No recording would fit twice: eager, and said once, with what to do."""

    def training(capture):
        torch.manual_seed(0)
        model = Scaled(recording)
        step = TrainStep(model, loss="mse", optimizer="adam", capture=capture)
        losses = []
        for index in range(100):
            model.temperature *= 0.99
            losses.append(step(*batch(index, recording)))
        return step, torch.stack(losses)

    _, expected = training("never")
    with pytest.warns(UserWarning, match="'temperature' of Scaled is set to another value before each call"):
        captured, actual = training("auto")
    assert expected.equal(actual)
    assert replays(captured) == 0


def test_a_count_of_steps_is_no_setting(recording):
    """A whole number that a loop counts up on the model keeps nothing from being replayed."""
    model = nn.Sequential(Scaled(recording))
    model[0].done = 0
    step = TrainStep(model, loss="mse", optimizer="adam")
    for index in range(20):
        step(*batch(index, recording))
        step.evaluate(*batch(index, recording))
        model[0].done += 1
    assert replays(step) > 20, step.report()


@pytest.mark.parametrize("first", [1e-2, torch.tensor(1e-2)])
def test_a_rate_that_is_a_tensor(first, recording):
    """Put in the place of a number or of another tensor, and filled anew."""

    def change(step, first_time):
        group = step.optimizer.param_groups[0]
        if first_time:
            group["lr"] = torch.tensor(0.5, device=recording)
        else:
            group["lr"].fill_(0.25)

    def built(model):
        rate = first.to(recording) if isinstance(first, torch.Tensor) else first
        return torch.optim.Adam(model.parameters(), lr=rate, fused=True)

    _, expected = trained(recording, "never", change, built=built)
    captured, actual = trained(recording, "auto", change, built=built)
    assert_same(expected, actual, captured, least=10)
    assert captured.lr == 0.25


def _loaded(step, first):
    if first:
        step.optimizer.load_state_dict(step.optimizer.state_dict())
    for entry in step.optimizer.state.values():
        entry["exp_avg"].zero_()


def _cleared(step, first):
    step.optimizer.state.clear()


@pytest.mark.parametrize("change", [_loaded, _cleared])
def test_moments_that_are_changed_by_hand(change, recording):
    """As torch's own `load_state_dict` changes them: other tensors are other memory."""
    _, expected = trained(recording, "never", change)
    captured, actual = trained(recording, "auto", change)
    assert_same(expected, actual, captured, least=3)


def test_switches_of_torch_around_a_call(recording):
    """Under autocast a step is another one than without."""

    def training(capture):
        torch.manual_seed(0)
        step = TrainStep(nn.Linear(32, 4).to(recording), loss="mse", optimizer="sgd", capture=capture)
        losses = []
        for index in range(12):
            with torch.autocast(recording.type, torch.bfloat16, enabled=index % 2 == 1, cache_enabled=False):
                losses.append(step(*batch(index, recording)))
        return step, torch.stack([*losses, step.model.weight.sum()])

    (_, expected), (captured, actual) = training("never"), training("auto")
    assert_same([expected], [actual], captured, least=8)


class Judge(nn.Module):
    """Statistics, dropout and modes of its own; whoever uses it trains another model."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 1))

    def forward(self, x):
        return self.body(x)


class Trainer:
    """Has the judge as an attribute."""

    def __init__(self, judge):
        self.judge = judge

    def objective(self, model, x, y):
        return self.judge(model(x)).square().mean()


def _by_closure(judge):
    return lambda model, x, y: judge(model(x)).square().mean()


def _by_method(judge):
    return Trainer(judge).objective


def _by_partial(judge):
    return functools.partial(lambda model, x, y, judges: judges[0](model(x)).square().mean(), judges=[judge])


def _mode(judge, first):
    judge.train(not first)


def _weights(judge, first):
    judge.body[0].weight = nn.Parameter(torch.full_like(judge.body[0].weight, 0.5 if first else 0.25))


def _freeze(judge, first):
    judge.requires_grad_(not first)


@pytest.mark.parametrize("change", [_mode, _weights, _freeze])
@pytest.mark.parametrize("found", [_by_closure, _by_method, _by_partial])
def test_modules_besides_the_model(found, change, recording):
    """A GAN's other half: its statistics are counted once per step, its mode and its weights are those of now."""

    def training(capture):
        torch.manual_seed(1)
        judge = Judge().to(recording)
        step, left = trained(
            recording,
            capture,
            lambda step, first: change(judge, first),
            make=lambda device: nn.Linear(32, 4).to(device),
            objective=found(judge),
        )
        return step, [*left, *judge.state_dict().values()]

    (_, expected), (captured, actual) = training("never"), training("auto")
    assert_same(expected, actual, captured, least=6)


def test_two_steps_that_use_each_others_models(recording):
    """A GAN with batch normalization and dropout on both sides, recorded and not."""
    bce = nn.functional.binary_cross_entropy_with_logits

    def training(capture):
        torch.manual_seed(0)
        maker, judge = nn.Sequential(nn.Linear(32, 4), nn.BatchNorm1d(4)).to(recording), Judge().to(recording)

        def judged(judge, real, fake):
            return bce(judge(real), torch.ones_like(real[:, :1])) + bce(judge(fake), torch.zeros_like(fake[:, :1]))

        def made(maker, noise):
            return bce(judge(maker(noise)), torch.ones_like(noise[:, :1]))

        judging = TrainStep(judge, objective=judged, optimizer="adam", capture=capture)
        making = TrainStep(maker, objective=made, optimizer="adam", capture=capture)
        losses = []
        for index in range(12):
            noise, real = batch(index, recording)
            with torch.no_grad():
                fake = maker(noise)
            losses += [judging(real, fake), making(noise)]
        return making, [torch.stack(losses), *maker.state_dict().values(), *judge.state_dict().values()]

    (_, expected), (captured, actual) = training("never"), training("auto")
    assert_same(expected, actual, captured, least=11)


def test_what_a_step_itself_changes_is_no_setting(recording):
    """A counter that the forward keeps is named as before, and is not another signature at each call."""

    class Counts(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear, self.calls = nn.Linear(32, 4), 0

        def forward(self, x):
            self.calls += 1
            return self.linear(x)

    counts = Counts().to(recording)
    step = TrainStep(
        nn.Linear(32, 32).to(recording), objective=lambda m, x, y: counts(m(x)).square().mean(), optimizer="adam"
    )
    with pytest.warns(UserWarning, match=r"the step changes 'counts.calls' on the host"):
        train(step, recording, 6)
    assert counts.calls == 6
    assert [6] == [row.eager for row in step.report().rows]


def test_such_a_number_of_a_module_beside_the_model_is_told_too(recording):
    """The objective alone knows it."""
    torch.manual_seed(0)
    beside = Scaled(recording)
    model = nn.Linear(32, 32).to(recording)
    step = TrainStep(
        model, objective=lambda m, x, y: nn.functional.mse_loss(beside(m(x)), y), optimizer="adam", capture="auto"
    )

    def training():
        for index in range(20):
            beside.temperature *= 0.99
            step(*batch(index, recording))

    with pytest.warns(UserWarning, match="'temperature' of Scaled is set to another value before each call"):
        training()
    assert replays(step) == 0
