"""A resumed run is the run: same bits, whatever was going on when it was saved."""

from __future__ import annotations

import copy
import io
import json

import pytest
import torch
from flodl_core import CheckpointError, ref
from flodl_core.freezing import freeze, thaw
from flodl_core.trends.ledger import Ledger
from flodl_nn import TrainStep, cosine, plateau, warmup
from torch import nn


def a_step(device, **changes):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 4)).to(device)
    return TrainStep(model, **{"loss": "mse", "optimizer": ref("adamw", lr=1e-2), **changes})


def learn(step, first, last):
    where = next(step.model.parameters()).device
    for index in range(first, last):
        x = torch.randn(8, 4, generator=torch.Generator().manual_seed(index)).to(where)
        step(x, x.roll(1, 1))


def through_a_file(state):
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def resumed(step, device, **changes):
    other = a_step(device, **changes)
    other.model.load_state_dict(copy.deepcopy(step.model.state_dict()))
    other.load_state_dict(through_a_file(step.state_dict()))
    return other


SETTINGS = {
    "plain": {},
    "groups": {"groups": {"2": 1e-3, "*.bias": {"weight_decay": 0.0}}},
    "schedule": {"schedule": warmup(3).then(cosine(20))},
    "open window": {"accumulate": 4},
    "momentum": {"optimizer": ref("sgd", lr=0.1, momentum=0.9)},
    "unfused": {"optimizer": ref("adam", lr=1e-2, fused=False)},
    "half precision": {"precision": "bf16"},
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_resumed_run_has_the_same_weights(setting, device):
    """Saved after 7 batches, gone on for 6, against 13 in one go."""
    changes = SETTINGS[setting]
    whole, half = a_step(device, **changes), a_step(device, **changes)
    learn(whole, 0, 13)
    learn(half, 0, 7)
    again = resumed(half, device, **changes)
    learn(again, 7, 13)
    assert (whole.steps, whole.epoch, whole.lr) == (again.steps, again.epoch, again.lr)
    for expected, actual in zip(whole.model.parameters(), again.model.parameters(), strict=True):
        assert expected.equal(actual)


def test_freezes_and_moments_set_aside_come_back(device):
    """What was frozen is frozen, and thaws with the moments it had."""
    whole, half = a_step(device), a_step(device)
    for step in (whole, half):
        learn(step, 0, 3)
        step.model[0].requires_grad_(False)
        learn(step, 3, 5)
    again = resumed(half, device)
    assert [False, False, True, True] == [p.requires_grad for p in again.model.parameters()]
    for step in (whole, again):
        learn(step, 5, 6)
        step.model[0].requires_grad_(True)
        learn(step, 6, 9)
    for expected, actual in zip(whole.model.parameters(), again.model.parameters(), strict=True):
        assert expected.equal(actual)


def test_a_plateau_goes_on_waiting(device):
    """Best value, waiting epochs and scale are saved; the stop wish too."""
    step = a_step(device, schedule=plateau("val_loss", patience=2, gamma=0.5))
    for value in (1.0, 1.0, 1.0, 1.0):
        step.end_epoch({"val_loss": value})
    step.stop()
    again = resumed(step, device, schedule=plateau("val_loss", patience=2, gamma=0.5))
    assert (again.epoch, again.lr, again.stopped) == (4, 0.005, True)
    again.end_epoch({"val_loss": 1.0})
    assert again.lr == 0.0025


def test_a_plateau_without_its_metric_says_so_once(device):
    """With the nearest name that was recorded."""
    step = a_step(device, schedule=plateau("val_los"))
    with pytest.warns(UserWarning, match="'val_los', which this epoch did not record; did you mean 'val_loss'"):
        step.end_epoch({"val_loss": 1.0})
    step.end_epoch({"val_loss": 1.0})


def test_the_state_is_plain_data_and_tensors(device):
    """JSON takes all but the tensors, and lists do for tuples on the way back."""
    step = a_step(device)
    learn(step, 0, 3)
    state = step.state_dict()

    def as_read(value):
        return value if isinstance(value, torch.Tensor) else json.loads(json.dumps(value))

    state["optimizer"] = {
        **{key: as_read(value) for key, value in state["optimizer"].items() if key != "state"},
        "state": state["optimizer"]["state"],
    }
    other = a_step(device)
    other.load_state_dict(state)
    assert (0.9, 0.999) == other.optimizer.param_groups[0]["betas"]


def test_a_loaded_state_is_a_copy(device):
    """Training on does not change what was loaded."""
    step = a_step(device)
    learn(step, 0, 3)
    state = through_a_file(step.state_dict())
    other = a_step(device)
    other.load_state_dict(state)
    before = state["optimizer"]["state"]["0.weight"]["exp_avg"].clone()
    learn(other, 3, 6)
    assert before.equal(state["optimizer"]["state"]["0.weight"]["exp_avg"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"optimizer": ref("sgd", lr=0.1)}, "the state is of AdamW, this step trains with SGD"),
        ({"groups": None}, "the state has other parameter groups: 0.weight, 0.bias, 2.weight and 1 more were not"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(changes, message, device):
    """It says what differs."""
    step, other = a_step(device, groups={"2": 1e-3}), a_step(device, **{"groups": {"2": 1e-3}, **changes})
    learn(step, 0, 3)
    with pytest.raises(CheckpointError, match=message):
        other.load_state_dict(step.state_dict())
    assert other.steps == 0


def test_a_state_of_another_model_or_format_is_refused(device):
    """Missing and strange parameters, shapes, and things that are no state at all."""
    step = a_step(device)
    small = TrainStep(nn.Linear(4, 4), loss="mse", optimizer=ref("adamw"))
    wide = TrainStep(nn.Sequential(nn.Linear(4, 9), nn.GELU(), nn.Linear(9, 4)), loss="mse", optimizer=ref("adamw"))
    for other, message in [
        (small.state_dict(), "another model: it lacks 0.weight, 0.bias, 2.weight and 1 more"),
        (wide.state_dict(), r"another model: 0.weight is \[9, 4\] there and \[8, 4\] here"),
        ({}, "no state of a training step, or of another version: format None"),
        ({"format": 1}, "the state lacks epoch, optimizer"),
    ]:
        with pytest.raises(CheckpointError, match=message):
            step.load_state_dict(other)


@pytest.mark.parametrize(
    ("saved", "here", "message"),
    [
        ({"accumulate": 4}, {"accumulate": 2}, "after 3 batches of a window, and this step has accumulate=2"),
        ({"accumulate": 4}, {}, "after 3 batches of a window, and this step has accumulate=1"),
        ({"accumulate": 4}, {"accumulate": 8}, "after 3 batches of a window, and this step has accumulate=8"),
        ({"accumulate": 4}, {"accumulate": 4, "precision": "fp16"}, "saved inside a window, .* one has a loss scale"),
    ],
)
def test_an_open_window_goes_on_in_one_of_its_kind_alone(saved, here, message, device):
    """In another it would never close, or its mean would be another; a closed one fits any."""
    step, other = a_step(device, **saved), a_step(device, **here)
    learn(step, 0, 3)
    with pytest.raises(CheckpointError, match=message):
        other.load_state_dict(step.state_dict())
    assert other.steps == 0
    step.end_epoch()
    other.load_state_dict(step.state_dict())
    learn(other, 3, 11)
    assert other.steps == 1 + 8 // here.get("accumulate", 1)


@pytest.mark.parametrize("held", [True, False])
def test_held_statistics_of_any_module_come_back(held, device):
    """Frozen or thawed since the module was built: the resumed run is the run."""

    def started():
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 4)).to(device)
        if not held:
            freeze(model, "1")
        return TrainStep(model, loss="mse", optimizer=ref("adamw", lr=1e-2))

    step, other = started(), started()
    (freeze if held else thaw)(step.model, "1")
    learn(step, 0, 3)
    other.model.load_state_dict(copy.deepcopy(step.model.state_dict()))
    other.load_state_dict(through_a_file(step.state_dict()))
    for one in (step, other):
        learn(one, 3, 5)
    assert [] == [k for k, v in step.model.state_dict().items() if not v.equal(other.model.state_dict()[k])]
    with pytest.raises(CheckpointError, match="holds statistics still that this has not"):
        other.load_state_dict({**step.state_dict(), "held": ["9"]})


def test_a_plateau_reads_no_epoch_twice(device):
    """A model gives the last value of everything it recorded; an epoch that recorded none changes nothing."""

    class Recording(nn.Linear):
        def __init__(self):
            super().__init__(4, 4)
            self.ledger, self.epoch = Ledger(), 0

        def trend(self, name):
            return self.ledger.trend(name)

        def end_epoch(self):
            if self.epoch % 3 == 0:
                self.ledger.enter(self.epoch, {"val_loss": 1.0})
            self.epoch += 1
            return {"val_loss": self.ledger.trend("val_loss").latest()}

    schedule = plateau("val_loss", patience=2, gamma=0.5)
    step = TrainStep(Recording().to(device), loss="mse", optimizer=ref("sgd", lr=1.0), schedule=schedule)
    rates = []
    for _ in range(10):
        step.end_epoch()
        rates.append(step.lr)
        if len(rates) == 5:
            state = copy.deepcopy(step.state_dict())
            step = TrainStep(step.model, loss="mse", optimizer=ref("sgd", lr=1.0), schedule=schedule)
            step.load_state_dict(state)
    assert [1.0] * 6 + [0.5] * 4 == rates


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_steps_over_one_model_read_the_same_point(order, device):
    """Each ends the model's epoch; neither makes the other's metric old."""

    class Recording(nn.ModuleList):
        def __init__(self):
            super().__init__([nn.Linear(4, 4), nn.Linear(4, 4)])
            self.ledger, self.epoch, self.open = Ledger(), 0, {}

        def trend(self, name):
            return self.ledger.trend(name)

        def end_epoch(self):
            self.ledger.enter(self.epoch, self.open)
            self.epoch, self.open = self.epoch + 1, {}
            return {"loss": self.ledger.trend("loss").latest()}

    model = Recording().to(device)
    schedule = plateau("loss", patience=1, gamma=0.5)
    built = [torch.optim.SGD(part.parameters(), lr=1.0) for part in model]
    steps = [TrainStep(model, loss="mse", optimizer=one, schedule=schedule) for one in built]
    for _ in range(3):
        model.open = {"loss": 1.0}
        for index in order:
            steps[index].end_epoch()
    assert [0.25, 0.25] == [step.lr for step in steps]


def test_a_plateau_after_another_compares_with_its_own_metric(device):
    """What was lowered stays; what was best of one metric is nothing to another."""
    schedule = plateau("a", patience=1, gamma=0.5).then(plateau("b", patience=1, gamma=0.5), after=2)
    step = a_step(device, optimizer=ref("sgd", lr=1.0), schedule=schedule)
    rates = []
    for epoch in range(5):
        step.end_epoch({"a": 0.1, "b": 9.0 - epoch})
        rates.append(step.lr)
        learn(step, epoch, epoch + 1)
    assert [1.0, 0.5, 0.5, 0.5, 0.5] == rates
