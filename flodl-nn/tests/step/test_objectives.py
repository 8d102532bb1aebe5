"""What may be trained on: losses by name, objectives of any shape, and what a wrong one says."""

from __future__ import annotations

import copy
import pickle
from collections import namedtuple

import pytest
import torch
from flodl_core import ComponentError, PathError, TrainingError, UnknownComponent, ref
from flodl_nn import TrainStep
from torch import nn
from torch.nn import functional as F


def a_step(**changes):
    return TrainStep(**{"model": nn.Linear(2, 1), "loss": "mse", "optimizer": "sgd", **changes})


def test_the_objective_s_tuple_comes_back_detached(device):
    """Loss and parts, in the objective's own form, each part a value of its own."""
    model = nn.Linear(2, 1).to(device)

    def objective(model, x):
        out = model(x)
        return out.mean(), {"weight": model.weight, "row": out[0], "n": len(x)}

    step = TrainStep(model, objective=objective, optimizer=ref("sgd", lr=1.0))
    before = model.weight.detach().clone()
    loss, parts = step(torch.ones(3, 2, device=device))
    assert loss.shape == ()
    assert not loss.requires_grad
    assert parts["n"] == 3
    assert before.equal(parts["weight"])
    assert not before.equal(model.weight)
    assert not parts["row"].requires_grad


def test_a_named_tuple_keeps_its_names():
    """The form of what an objective returns is the user's."""
    pair = namedtuple("pair", "loss extra")
    step = a_step(loss=None, objective=lambda model, x: pair(model(x).mean(), x.sum()))
    assert step(torch.ones(3, 2)).extra == 6.0


def test_gradients_go_to_the_steps_own_parameters_alone(device):
    """A GAN's generator learns through the discriminator, which gets no gradient at all."""
    generator, judge = nn.Linear(2, 4).to(device), nn.Linear(4, 1).to(device)
    step = TrainStep(generator, objective=lambda g, z: -judge(g(z)).mean(), optimizer=ref("sgd", lr=0.1))
    before = judge(generator(torch.ones(1, 2, device=device))).item()
    step(torch.ones(3, 2, device=device))
    assert judge(generator(torch.ones(1, 2, device=device))).item() > before
    assert [None, None] == [p.grad for p in judge.parameters()]


class Two(nn.Module):
    """Two inputs, two outputs."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 3)

    def forward(self, x, scale=None):
        out = self.linear(x if scale is None else x * scale)
        return out, out.detach()


@pytest.mark.parametrize(
    ("model", "loss", "batch"),
    [
        (nn.Linear(2, 3), "mse", [(4, 2), (4, 3)]),
        (nn.Linear(2, 3), nn.CTCLoss(), [(4, 2)]),
        (nn.Bilinear(2, 2, 3), "mse", [(4, 2), (4, 2), (4, 3)]),
        (Two(), nn.TripletMarginLoss(), [(4, 2), (4, 3)]),
        (nn.Sequential(nn.Linear(2, 3)), lambda *values: sum(v.square().mean() for v in values), [(4, 2), (4, 3)]),
    ],
)
def test_a_batch_is_inputs_then_targets(model, loss, batch):
    """Where the boundary is follows from what the model and the loss take."""
    tensors = [torch.rand(*shape) for shape in batch]
    if isinstance(loss, nn.CTCLoss):
        tensors = [torch.rand(5, 1, 2), torch.tensor([[1, 2]]), torch.tensor([5]), torch.tensor([2])]
        model = nn.Sequential(model, nn.LogSoftmax(-1))
    step = TrainStep(model, loss=loss, optimizer="sgd")
    assert torch.isfinite(step(*tensors))


def test_keywords_go_to_the_model():
    """An input that `forward` may do without is given by name."""
    step = TrainStep(Two(), loss=nn.TripletMarginLoss(), optimizer="sgd")
    assert torch.isfinite(step(torch.rand(4, 2), torch.rand(4, 3), scale=torch.rand(1)))


def test_a_loss_made_by_name_follows_the_model(device):
    """Class weights given as a tensor on the CPU move to where the outputs are."""
    model = nn.Linear(2, 3).to(device)
    step = TrainStep(model, loss=ref("cross_entropy", weight=torch.tensor([1.0, 2.0, 3.0])), optimizer="sgd")
    x, y = torch.rand(4, 2, device=device), torch.tensor([0, 1, 2, 2], device=device)
    expected = F.cross_entropy(model(x), y, torch.tensor([1.0, 2.0, 3.0], device=device)).detach()
    assert expected.equal(step(x, y))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"loss": None}, TrainingError, r"a loss or an objective, got neither\n  try: loss=\"mse\", or objective=fn"),
        ({"objective": print}, TrainingError, "a loss or an objective, got both"),
        ({"loss": None, "objective": "mse"}, TrainingError, r"called as fn\(model, \*batch\).*\n  try: loss='mse'\?"),
        ({"loss": "msee"}, UnknownComponent, "no loss is called 'msee'\n  try: did you mean 'mse'"),
        ({"loss": nn.MSELoss}, ComponentError, r"got the class MSELoss\n  try: call it"),
        ({"optimizer": torch.optim.AdamW}, TrainingError, r"class AdamW\n  try: optimizer=ref\(\"adamw\", lr=1e-3\)"),
        ({"optimizer": "adm"}, UnknownComponent, "no optimizer is called 'adm'\n  try: did you mean 'adam'"),
        ({"optimizer": ref("adam", lrr=1)}, ComponentError, "adam takes no argument 'lrr'\n  try: did you mean 'lr'"),
        ({"optimizer": ref("adam", lr=-1.0)}, ComponentError, "adam: Invalid learning rate: -1.0"),
        ({"model": nn.Linear}, TrainingError, r"got <class.*\n  try: call it: Linear\(...\)"),
        ({"model": nn.ReLU()}, TrainingError, "the model has no parameters to train"),
        ({"model": nn.Linear(2, 1).requires_grad_(False)}, TrainingError, "no parameter of the model is trainable"),
        ({"accumulate": 0}, TrainingError, "accumulate is a whole number of batches, at least 1, got 0"),
        ({"clip_norm": 0.0}, TrainingError, "clip_norm is a number > 0, got 0.0"),
        ({"clip_norm": "1"}, TrainingError, "clip_norm is a number > 0, got '1'"),
        ({"clip_norm": True}, TrainingError, "clip_norm is a number > 0, got True"),
        ({"compile": "reduce-overhead"}, TrainingError, "compile is True or False, got 'reduce-overhead'"),
        ({"precision": "fp8"}, TrainingError, "no precision is called 'fp8'\n  try: "),
        ({"groups": {"wieght": 1e-3}}, PathError, "groups: 'wieght' names no parameter\n  try: did you mean 'weight'"),
        ({"groups": {"weight": "fast"}}, TrainingError, r"groups\['weight'\]: a learning rate is a number"),
        ({"groups": {"*": {"momentm": 0}}}, TrainingError, "SGD has no option 'momentm'\n  try: did you mean 'mom"),
        ({"groups": [1e-3]}, TrainingError, "groups maps paths to rates or options, got a list"),
        ({"schedule": "cosin"}, UnknownComponent, "no scheduler is called 'cosin'"),
    ],
)
def test_wrong_use_is_an_error_that_says_how_to_mend_it(changes, error, message):
    """Before anything is trained."""
    with pytest.raises(error, match=message):
        a_step(**changes)


def test_a_torch_scheduler_is_no_schedule():
    """It would change the optimizer behind the step's back."""
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters())
    with pytest.raises(TrainingError, match=r"got a StepLR\n  try: warmup\(500\)"):
        TrainStep(model, loss="mse", optimizer=optimizer, schedule=torch.optim.lr_scheduler.StepLR(optimizer, 1))


def test_a_built_optimizer_must_hold_the_models_parameters():
    """One of a copy would train nothing, in silence."""
    other = nn.Linear(2, 1)
    with pytest.raises(TrainingError, match="the SGD given holds no parameter of this model"):
        a_step(optimizer=torch.optim.SGD(other.parameters()))
    model = nn.Linear(2, 1)
    with pytest.raises(TrainingError, match="a built optimizer has groups of its own"):
        a_step(model=model, optimizer=torch.optim.SGD(model.parameters()), groups={"*": 0.1})


@pytest.mark.parametrize(
    ("objective", "message"),
    [
        (lambda model, x: model(x), r"the loss is no scalar: its shape is \[3, 1\]"),
        (lambda model, x: 1.0, r"an objective returns a loss, or \(loss, \{...\}\), got float"),
        (lambda model, x: x.sum(), "the loss depends on no parameter that is being trained"),
        (lambda model, x: nn.Linear(2, 1)(x).sum(), "the loss depends on no parameter that is being trained"),
    ],
)
def test_a_wrong_loss_is_an_error_and_changes_nothing(objective, message):
    """No step is counted and no weight moves."""
    model = nn.Linear(2, 1)
    before = model.weight.detach().clone()
    step = TrainStep(model, objective=objective, optimizer="sgd")
    with pytest.raises(TrainingError, match=message):
        step(torch.ones(3, 2))
    assert step.steps == 0
    assert before.equal(model.weight)


class Failing(torch.optim.SGD):
    """An optimizer whose update fails when it is told to."""

    fails = False

    def step(self, closure=None):
        if self.fails:
            raise RuntimeError("no update today")
        return super().step(closure)


@pytest.mark.parametrize("closed_by", ["a batch", "the epoch"])
def test_an_update_that_fails_takes_its_window_with_it(closed_by):
    """What comes next is a window of its own, and not the rest of one with a batch too many."""

    def training(fails):
        torch.manual_seed(0)
        model = nn.Linear(2, 1)
        optimizer = Failing(model.parameters(), lr=0.1)
        step = TrainStep(model, objective=lambda model, x: model(x).square().mean(), optimizer=optimizer, accumulate=3)
        if fails:
            optimizer.fails = True
            step(torch.ones(3, 2)), step(torch.ones(3, 2))
            with pytest.raises(RuntimeError, match="no update today"):
                step(torch.ones(3, 2)) if closed_by == "a batch" else step.end_epoch()
            optimizer.fails = False
        for scale in range(3):
            step(torch.full((3, 2), float(scale)))
        return step

    failed, expected = training(fails=True), training(fails=False)
    assert failed.steps == expected.steps == 1
    assert failed.model.weight.equal(expected.model.weight)


def test_a_loss_that_cannot_judge_says_what_it_was_given():
    """Shapes and dtypes of both sides, and torch's own reason."""
    step = TrainStep(nn.Linear(2, 3), loss="cross_entropy", optimizer="sgd")
    with pytest.raises(TrainingError, match=r"outputs \(float32\[4, 3\]\) by targets \(int64\[5\]\)"):
        step(torch.rand(4, 2), torch.zeros(5, dtype=torch.long))


def test_a_loss_that_gets_a_dict_says_so():
    """A model that answers by name needs an objective."""

    class Named(nn.Linear):
        def forward(self, x):
            return {"logits": super().forward(x)}

    step = TrainStep(Named(2, 3), loss="mse", optimizer="sgd")
    with pytest.raises(TrainingError, match=r"MSELoss cannot judge outputs \(dict\) by .*\n.*objective="):
        step(torch.rand(4, 2), torch.zeros(4, 3))


@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, pickle.dumps])
def test_a_step_is_not_copied(copied):
    """The copy would train through recordings of the first; what to do instead is said."""
    with pytest.raises(TrainingError, match=r"neither copied nor pickled.*\n  try: .*copy.deepcopy\(step.model\)"):
        copied(a_step())


def test_a_loss_with_parameters_of_its_own_is_refused():
    """They would never be trained."""
    with pytest.raises(TrainingError, match="the loss Linear has parameters of its own"):
        a_step(loss=nn.Linear(1, 1))


def test_what_a_loss_says_itself_is_told_with_its_own_way_out(device):
    """Ours know better than the step what to do."""
    step = TrainStep(nn.Linear(3, 1).to(device), loss="focal", optimizer="sgd")
    said = r"FocalLoss cannot judge .*: logits \[B, C, ...\] go with classes .*\n  try: binary_focal takes targets"
    with pytest.raises(TrainingError, match=said):
        step(torch.rand(4, 3, device=device), torch.rand(4, device=device))
