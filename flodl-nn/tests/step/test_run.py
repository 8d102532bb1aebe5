"""`step.run(loader)`: a pass over a loader is its batches one by one, gathered where the step is recorded."""

from __future__ import annotations

import warnings
import weakref

import pytest
import torch
from capturing import MODELS, replays, same
from flodl_core import TrainingError, ref
from flodl_core.checkpoint import TrainingState
from flodl_nn import DeviceLoader, Sampler, TrainStep
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def data(rows=100):
    x = torch.randn(rows, 32, generator=torch.Generator().manual_seed(7))
    return TensorDataset(x, x[:, :4].roll(1, 1))


def a_step(device, **changes):
    torch.manual_seed(0)
    model = MODELS["dropout"]().to(device)
    step = TrainStep(model, **{"loss": "mse", "optimizer": ref("adam", lr=1e-2), **changes})
    torch.manual_seed(1)
    return step


def by_hand(step, device, epochs, rows=100):
    """The loop that everyone writes: the mean loss of each epoch, batches weighed by their rows."""
    loader = DataLoader(data(rows), batch_sampler=Sampler(rows, 16, seed=3), generator=torch.Generator())
    means = []
    for _ in range(epochs):
        total = torch.zeros((), dtype=torch.float64, device=device)
        for x, y in loader:
            total += step(x.to(device), y.to(device)).double() * len(x)
        means.append((total / rows).float())
    return torch.stack(means)


@pytest.mark.parametrize("keep", ["resident", "prefetched"])
@pytest.mark.parametrize("changes", [{}, {"accumulate": 3}, {"capture": "never"}, {"precision": "bf16"}], ids=str)
@pytest.mark.usefixtures("deterministic")
def test_a_pass_is_its_batches(changes, keep, recording):
    """Losses, weights and moments of the loop by hand, bit for bit, with an odd last batch; and most of it replayed."""
    plain = a_step(recording, **{**changes, "capture": "never"})
    expected = by_hand(plain, recording, epochs=8)
    step = a_step(recording, **changes)
    loader = DeviceLoader(data(), 16, seed=3, device=recording, keep=keep)
    assert expected.equal(torch.stack([step.run(loader) for _ in range(8)]))
    assert same(plain, step)
    assert replays(step) > (30 if changes.get("capture") != "never" else -1)
    assert not any(row.reason for row in step.report().rows)


def test_what_is_recorded_is_gathered_in_it(recording):
    """A recorded pass copies the rows' places in, and no batch."""
    step = a_step(recording, capture="always")
    loader = DeviceLoader(data(96), 16, device=recording)
    step.run(loader)
    (row,) = step.report().rows
    assert row.inputs == "rows of float32[96,32] float32[96,4] int64[16]"
    assert row.replays == 5


def test_other_data_is_another_signature_and_is_not_kept(recording):
    """Each recording reads the tensors it was made with; what nobody uses any more is given back."""
    step = a_step(recording, capture="always")
    loaders = [DeviceLoader(data(32 * times), 16, shuffle=False, device=recording) for times in (1, 2)]
    for _ in range(2):
        for loader in loaders:
            step.run(loader)
    assert [3, 7] == [row.replays for row in step.report().rows]
    tables = [weakref.ref(loader._there.table) for loader in loaders]
    del loaders, loader
    assert [None, None] == [reference() for reference in tables]


@pytest.mark.usefixtures("deterministic")
def test_evaluation_learns_nothing(recording):
    """The mean of `evaluate`, and everything as before."""
    step = a_step(recording)
    loader = DeviceLoader(data(), 16, shuffle=False, device=recording)
    before = {name: value.clone() for name, value in step.model.state_dict().items()}
    found = [step.run(loader, learn=False) for _ in range(4)]
    parts = [step.evaluate(*(tensor[i : i + 16].to(recording) for tensor in data().tensors)) for i in range(0, 100, 16)]
    expected = sum(part.double() * size for part, size in zip(parts, [16] * 6 + [4], strict=True)) / 100
    assert all(expected.float().equal(each) for each in found)
    assert all(before[name].equal(value) for name, value in step.model.state_dict().items())
    assert step.steps == 0


def test_any_source_of_batches_will_do(device):
    """A DataLoader, a list of tuples, tensors alone; parts of an objective have their means too."""

    def objective(model, x, y=None):
        out = model(x)
        loss = (out - (0 if y is None else y)).square().mean()
        return loss, {"rows": len(x), "positive": (out > 0).sum()}

    step = TrainStep(nn.Linear(32, 4).to(device), objective=objective, optimizer=ref("sgd", lr=0.0))
    batches = [tuple(tensor[i : i + 40].to(device) for tensor in data().tensors) for i in (0, 40, 80)]
    loss, parts = step.run(batches)
    with torch.no_grad():
        given = [objective(step.model, *batch) for batch in batches]
    assert loss.item() == pytest.approx(
        sum(one.item() * len(b[0]) for (one, _), b in zip(given, batches, strict=True)) / 100
    )
    assert parts["rows"] == pytest.approx((40 * 40 * 2 + 20 * 20) / 100)
    assert parts["positive"].dtype == torch.float64
    assert step.run(x for x, _ in batches)[1]["rows"] == parts["rows"]


def test_a_pass_needs_batches_and_means(device):
    """What cannot be averaged is named, with what to do instead."""
    model = nn.Linear(32, 4).to(device)
    step = TrainStep(model, objective=lambda m, x, y: (m(x).mean(), {"out": m(x)}), optimizer="sgd")
    with pytest.raises(TrainingError, match="the loader gave no batch"):
        step.run([])
    with pytest.raises(
        TrainingError, match=r"a tensor of shape \[16, 4\] has no mean over .*\n  try: for batch in loader"
    ):
        step.run(DeviceLoader(data(), 16, device=device))
    forms = iter([{}, {"a": 1.0}])
    step = TrainStep(model, objective=lambda m, x, y: (m(x).mean(), next(forms)), optimizer="sgd", capture="never")
    with pytest.raises(TrainingError, match="returns the same parts for every batch"):
        step.run(DeviceLoader(data(), 16, device=device))


def test_a_training_state_goes_on_within_a_pass(recording, tmp_path):
    """Saved in the third batch of an epoch, by the loader's position: the rest of it, then the next."""

    def parts(folder):
        step, loader = a_step(recording), DeviceLoader(data(), 16, seed=3, device=recording)
        return step, loader, TrainingState(folder, step=step, model=step.model, loader=loader)

    whole, loader, state = parts(tmp_path / "whole")
    for _ in range(2):
        whole.run(loader)
    step, loader, state = parts(tmp_path / "halves")
    with state:
        for rows in loader.rows():
            step(rows)
            if loader.position == 3:
                state.save()
                break
    again, loader, state = parts(tmp_path / "halves")
    with state:
        assert state.resume()
        assert loader.position == 3
        while loader.sampler.epoch < 2:
            again.run(loader)
    assert same(whole, again)


@pytest.mark.parametrize("given", [3, None, "digits", torch.zeros(4, 2)])
def test_what_is_no_loader_is_told(given, device):
    """Rows of a tensor, or letters, are no batches."""
    with pytest.raises(TrainingError, match=r"takes a loader of batches, got a \w+\n  try: DeviceLoader\("):
        a_step(device).run(given)


def test_a_search_takes_rows(device):
    """LBFGS gathers as well."""
    step = a_step(device, optimizer=ref("lbfgs", lr=0.1))
    losses = [step.run(DeviceLoader(data(), 100, device=device)) for _ in range(3)]
    assert losses[-1] < losses[0]


def test_a_pass_waits_for_nothing(gpu):
    """Not for its batches, not for its steps, not for its mean."""
    step = a_step(gpu, capture="always")
    loader = DeviceLoader(data(96), 16, device=gpu)
    for _ in range(4):
        step.run(loader)  # recorded, and proved but for the hundredth
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Synchronization debug mode is a prototype")
        torch.cuda.set_sync_debug_mode("error")
    try:
        loss = step.run(loader)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert loss.isfinite()
