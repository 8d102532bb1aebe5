"""A run that a signal stopped, and new objects went on with, is the run that nobody stopped: bit by bit."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
from pathlib import Path

import flodl_graph
import pytest
import torch
from flodl import FlowBuilder, Monitor, Sampler, TrainingState, TrainStep, ref
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
matrix = importlib.import_module("resume")


@pytest.mark.parametrize(
    "setting", matrix.pairwise(), ids=lambda s: "-".join(str(getattr(s, n)) for n in matrix.FACTORS)
)
def test_a_resumed_run_is_the_run(setting, device, capfd):
    """Losses, weights, optimizer, averages, curves, generators; cut after batches 1, 2, 31, 32, 33, 64 of 96."""
    assert {cut: [] for cut in matrix.CUTS} == dict(matrix.compare(setting, device))


class Program:
    """A program that evaluates in the middle and at the end of an epoch, and can be stopped anywhere."""

    def __init__(self, folder, device, **options):
        torch.manual_seed(0)
        self.model = FlowBuilder("linear", 4, 8).through("dropout", 0.5).through("linear", 8, 2).build().to(device)
        self.step = TrainStep(self.model, loss="mse", optimizer=ref("adamw", lr=0.01))
        x = torch.randn(24, 4, device=device)
        self.data = TensorDataset(x, x[:, :2])
        self.sampler, self.monitor = Sampler(self.data, 4, seed=1), Monitor(3, sinks=[], probes=[])
        self.state = TrainingState(folder, step=self.step, sampler=self.sampler, monitor=self.monitor, **options)
        self.seen = []

    def train(self, stop_at=None):
        """`stop_at`: the number of the last evaluation; the signal comes while it runs."""
        loader = DataLoader(self.data, batch_sampler=self.sampler)
        with self.state:
            for epoch in self.monitor.epochs(self.step):
                for x, y in self.sampler.follow(loader):
                    self.seen.append((epoch, self.sampler.position, self.step(x, y).item()))
                for index in range(4):
                    x, y = self.data[index * 4 : index * 4 + 4]
                    self.monitor.record("val_loss", self.step.evaluate(x + torch.rand_like(x), y))
                    if stop_at == (epoch, index):
                        self.state._signals._come(15, None)


@pytest.mark.parametrize("stop_at", [(0, 0), (0, 2), (1, 3), (2, 1)])
def test_an_evaluation_is_done_again_and_counted_once(stop_at, tmp_path, device, capfd):
    """Stopped in the middle of it: the batches are not learned twice, its means and numbers are those of one."""
    whole = Program(tmp_path / "whole", device)
    whole.train()
    first = Program(tmp_path / "run", device)
    with contextlib.suppress(SystemExit):
        first.train(stop_at)
    second = Program(tmp_path / "run", device)
    second.train()
    assert whole.seen == first.seen + second.seen
    assert [r.metrics for r in whole.monitor.history()] == [r.metrics for r in second.monitor.history()]
    assert all(a.equal(b) for a, b in zip(whole.model.parameters(), second.model.parameters(), strict=True))


def two_passes(folder, device, stop_at=None):
    """Each epoch takes two data sets one after the other; what was learned, and the weights."""
    torch.manual_seed(0)
    model, seen = nn.Linear(1, 1).to(device), []
    step = TrainStep(model, loss="mse", optimizer="sgd")
    samplers = {"first": Sampler(6, 2, seed=1), "second": Sampler(4, 2, seed=2)}
    monitor = Monitor(3, sinks=[], probes=[])
    state = TrainingState(folder, step=step, monitor=monitor, **samplers)
    with contextlib.suppress(SystemExit), state:
        for epoch in monitor.epochs(step):
            for name, sampler in samplers.items():
                for rows in sampler.follow(DataLoader(range(sampler.size), batch_sampler=sampler)):
                    x = rows.float().reshape(-1, 1).to(device) / 6
                    step(x, x * 2)
                    seen.append((epoch, name, rows.tolist()))
                    if len(seen) == stop_at:
                        os.kill(os.getpid(), signal.SIGTERM)
    return seen, [p.tolist() for p in model.parameters()]


@pytest.mark.parametrize("stop_at", [3, 4, 5, 8])
def test_a_pass_that_is_done_stays_done_while_the_next_one_runs(stop_at, tmp_path, device, capfd):
    """Two samplers in one epoch: stopped in the second's pass, the first's is not taken again, nor skipped later."""
    whole, weights = two_passes(tmp_path / "whole", device)
    first, _ = two_passes(tmp_path / "run", device, stop_at)
    second, again = two_passes(tmp_path / "run", device)
    assert (whole, weights) == (first + second, again)


@pytest.mark.parametrize(("where", "seen"), [("batch", [(0, 3), (0, 4)]), ("epoch's end", [(1, 1)])])
def test_where_a_save_by_hand_goes_on(where, seen, tmp_path, device):
    """Within an epoch: at the next batch. After `monitor.epochs` has closed it: at the next epoch."""
    program = Program(tmp_path, device)
    state = program.state
    for epoch in program.monitor.epochs(program.step):
        if epoch == 1:
            state.save()
            break
        for x, y in program.sampler.follow(DataLoader(program.data, batch_sampler=program.sampler)):
            program.step(x, y)
            if where == "batch" and program.sampler.position == 2:
                state.save()
                break
        if where == "batch":
            break
    state.close()
    again = Program(tmp_path, device)
    again.train()
    assert seen == [place[:2] for place in again.seen[: len(seen)]]
    assert 3 == again.step.epoch == again.sampler.epoch


def test_every_saves_within_epochs(tmp_path, device):
    """Each so many optimizer steps, and at each epoch's end."""
    program = Program(tmp_path, device, every=4, keep_last=9)
    program.train()
    steps = [int(path.name.split("-")[1]) for path in sorted(tmp_path.glob("step-*"))]
    assert [4, 6, 10, 12, 16, 18] == steps


def test_the_best_epoch_is_kept(tmp_path, device):
    """By the metric of the monitor's record; the weights are those it was reached with."""
    program = Program(tmp_path, device, keep_best="val_loss")
    program.train()
    metrics = [record.metrics["val_loss"] for record in program.monitor.history()]
    best = json.loads((program.state.best / "manifest.json").read_text())
    assert min(metrics) == best["metrics"]["val_loss"]
    assert metrics.index(min(metrics)) + 1 == best["epoch"]


def test_a_change_at_an_epochs_end_is_said(tmp_path, device, capfd):
    """Large tensors that an epoch changes after its batches cannot be kept as they were: it is said that they go on."""

    class Average:
        def __init__(self):
            self.values = torch.zeros(1 << 19, device=device)

        def state_dict(self):
            return {"values": self.values}

        def load_state_dict(self, state):
            self.values = state["values"]

    model, average = nn.Linear(1, 1).to(device), Average()
    step = TrainStep(model, loss="mse", optimizer="sgd")
    sampler = Sampler(2, 1)
    state = TrainingState(tmp_path, step=step, sampler=sampler, average=average)
    for _ in sampler.follow([0, 1]):
        step(torch.ones(1, 1, device=device), torch.ones(1, 1, device=device))
    average.values.add_(1)
    with pytest.warns(UserWarning, match="part 'average' was changed after the batches of this epoch ended"):
        state.save()
    state.close()


def test_carried_and_held_state_travel(tmp_path, device):
    """What calls leave to the next one, open means and curves of nested graphs, norms that are held."""
    torch.manual_seed(0)

    def build():
        inner = FlowBuilder("linear", 2, 2).through("batch_norm1d", 2).through("state_add").using("m").tag("m")
        model = FlowBuilder(inner.label("inner").build()).build().to(device)
        return model, TrainStep(model, loss="mse", optimizer="sgd")

    (model, step), (other, again) = build(), build()
    model.freeze("inner.batch_norm1d_1")
    model.record("loss", torch.tensor(0.5, device=device), weight=3)
    model.end_epoch()
    model.record("loss", torch.tensor(0.25, device=device), weight=3)
    step(torch.ones(3, 2, device=device), torch.zeros(3, 2, device=device))
    for made in (step, again):
        state = TrainingState(tmp_path, step=made)
        state.resume()
        state.save()
        state.close()
    assert model.inner.carried["m"].equal(other.inner.carried["m"])
    assert not other.inner.batch_norm1d_1.training
    assert (1, {"loss": 0.25}) == (other.epoch, {k: v for k, v in other.end_epoch().items() if k == "loss"})


def test_a_state_is_read_without_its_program(tmp_path, device):
    """The weights file of a state rebuilds the graph from its words: an evaluation needs no training code."""
    program = Program(tmp_path, device)
    program.train()
    model = flodl_graph.load(tmp_path / "latest" / "model.safetensors").to(device).eval()
    x = torch.ones(2, 4, device=device)
    assert program.model.eval()(x).equal(model(x))


def test_a_compiled_model_goes_on_uncompiled(tmp_path, device):
    """What torch.compile adds to names is no part of a state."""
    model = nn.Linear(2, 1).to(device)
    model.bias.requires_grad_(False)
    state = TrainingState(tmp_path, net=torch.compile(model, backend="eager"))
    state.save()
    state.close()
    other = nn.Linear(2, 1).to(device)
    again = TrainingState(tmp_path, net=other)
    assert again.resume()
    assert (model.weight.equal(other.weight), other.bias.requires_grad) == (True, False)
    again.close()
