"""Graph, step, rules, monitor and saved runs together: what one records, the next reads."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from flodl import (
    FlowBuilder,
    Graph,
    Monitor,
    Sampler,
    TrainStep,
    cosine,
    freeze,
    ref,
    scale_lr,
    stop,
    thaw,
    trend,
    when,
)
from flodl_core import PathError
from flodl_core.checkpoint import TrainingState
from flodl_core.rules import save, trends
from flodl_monitor import read_event_log

X = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
Y = X.roll(1, 1) * 0.3


def network(device: torch.device) -> Graph:
    torch.manual_seed(0)
    scan = FlowBuilder("linear", 4, 8).through("batch_norm1d", 8).tag("hidden").label("scan").build()
    read = FlowBuilder("linear", 8, 8).through("tanh").label("read").build()
    encoder = FlowBuilder(scan).through(read).label("encoder").build()
    heads = FlowBuilder(encoder).split(*[ref("linear", 8, 4)] * 2).tag_group("head").merge("mean")
    return heads.tag("answer").label("model").build().to(device)


RULES = (
    when(trend("encoder.scan.loss").stalled(4)).do(thaw("encoder.read"), scale_lr(0.5, "encoder"), cooldown=3),
    when(trends("head").all_stalled(6, tol=10.0)).do(freeze("encoder.scan"), once=True),
    when(trend("loss").slope(3) > -1e-5).do(stop()),
)


class Run:
    """One run of everything, as a program would write it."""

    def __init__(self, device: torch.device, *rules: Any, sinks: Any = (), **changes: Any) -> None:
        self.device, self.model = device, network(device)
        self.model.freeze("encoder.read")
        settings = {"groups": {"encoder": 1e-2}, "schedule": cosine(2_000), **changes}
        self.step = TrainStep(self.model, loss="mse", optimizer=ref("adam", lr=3e-2), rules=rules, **settings)
        self.sampler = Sampler(X, 16, seed=0)
        self.monitor = Monitor(30, sinks=sinks, probes=[])
        self.losses: list[float] = []

    def train(self, epochs: int) -> list[float]:
        for epoch in self.monitor.epochs(self.step):
            for rows in self.sampler:
                loss = self.step(X[rows].to(self.device), Y[rows].to(self.device))
                self.model.record({"loss": loss, "encoder.scan.loss": loss})
                self.model.collect("head", reduce="norm")
                self.losses.append(float(loss))
            if epoch + 1 == epochs:
                self.model_end()
                break
        return self.losses

    def model_end(self) -> None:
        """Close the epoch as the monitor's loop would."""
        self.monitor.log(self.step.epoch, 0.0, self.step.end_epoch(), self.step.fired)

    def parts(self) -> dict[str, Any]:
        return {"step": self.step, "sampler": self.sampler, "monitor": self.monitor}


def fired(run: Run) -> list[tuple[int, tuple[str, ...]]]:
    return [(firing.epoch, firing.actions) for record in run.monitor.history() for firing in record.fired]


def test_rules_read_the_graphs_own_curves(device: torch.device, tmp_path: Path) -> None:
    """Of a part, of a tag group, of the whole; each firing is in the event log with the window that caused it."""
    run = Run(device, *RULES, sinks=[ref("jsonl", path=tmp_path / "log.jsonl")])
    run.train(30)
    run.monitor.finish()
    assert ("thaw('encoder.read')", "scale_lr(0.5, 'encoder')") in {actions for _, actions in fired(run)}
    assert (6, ("freeze('encoder.scan')",)) in fired(run)
    assert run.model.is_frozen("encoder.scan")
    told = [firing for record in read_event_log(tmp_path / "log.jsonl") for firing in record.fired]
    assert fired(run) == [(firing.epoch, firing.actions) for firing in told]
    for firing in told:
        for name, values in firing.windows.items():
            assert list(values) == list(run.model.trend(name).values[firing.epoch - len(values) : firing.epoch])


def test_a_rule_that_freezes_holds_statistics(device: torch.device) -> None:
    """To the bit, running statistics of normalisation too, and through evaluation and back."""
    run = Run(device, when(trend("loss").latest() < 1e9).do(freeze("encoder.scan"), once=True))
    run.train(1)
    before = copy.deepcopy(run.model.encoder.scan.state_dict())
    run.model.train()
    run.train(8)
    assert all(torch.equal(value, run.model.encoder.scan.state_dict()[name]) for name, value in before.items())


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 8, 13])
def test_a_resumed_run_is_the_run(device: torch.device, tmp_path: Path, cut: int) -> None:
    """Losses, firings, curves, rates, freezes and weights equal, to the bit, wherever it was cut."""
    whole = Run(device, *RULES[:2])
    expected = whole.train(20)
    half = Run(device, *RULES[:2])
    before = half.train(cut)
    state = TrainingState(tmp_path / "run", **half.parts())
    state.save()
    state.close()
    other = Run(device, *RULES[:2])
    assert TrainingState(tmp_path / "run", **other.parts()).resume()
    assert expected == before + other.train(20)
    assert fired(whole) == fired(other)
    assert fired(whole)
    assert whole.model.trend("encoder.scan.loss").values == other.model.trend("encoder.scan.loss").values
    assert [g["lr"] for g in whole.step.optimizer.param_groups] == [g["lr"] for g in other.step.optimizer.param_groups]
    for (name, mine), theirs in zip(whole.model.state_dict().items(), other.model.state_dict().values(), strict=True):
        assert torch.equal(mine, theirs), name


def test_a_rule_saves_the_run(device: torch.device, tmp_path: Path) -> None:
    """What `save()` wrote is the run as it stood when its epoch was closed."""
    run = Run(device, when(trend("loss").latest() < 1e9).do(save(), once=True))
    state = TrainingState(tmp_path / "run", **run.parts())
    run.step.on_save(state.save)
    run.train(2)
    state.close()
    other = Run(device, when(trend("loss").latest() < 1e9).do(save(), once=True))
    assert TrainingState(tmp_path / "run", **other.parts()).resume()
    assert 1 == other.step.epoch
    assert run.model.trend("loss").values[:1] == other.model.trend("loss").values


def test_metrics_of_a_loop_join_the_graphs(device: torch.device) -> None:
    """What `end_epoch` is given is asked first; the rest is the graph's."""
    run = Run(device, when((trend("outside").latest() > 1) & (trend("loss").latest() < 1e9)).do(stop()))
    run.model.record("loss", 1.0)
    run.step.end_epoch({"outside": 0.5})
    run.model.record("loss", 1.0)
    run.step.end_epoch({"outside": 2.0})
    assert run.step.stopped
    assert {"outside": (2.0,), "loss": (1.0,)} == dict(run.step.fired[0].windows)


def test_a_loss_that_a_graph_does_not_record_is_the_steps_mean(device: torch.device) -> None:
    """As of a model that keeps no curves."""
    run = Run(device, when(trend("loss").latest() < 1e9).do(stop()))
    x, y = X[:4].to(device), Y[:4].to(device)
    losses = [float(run.step(x, y)) for _ in range(3)]
    run.step.end_epoch()
    assert run.step.stopped
    assert (sum(losses) / 3,) == pytest.approx(run.step.fired[0].windows["loss"])


def test_a_name_that_nobody_records_is_said(device: torch.device) -> None:
    """Once, with the nearest of the graph's own; the run goes on."""
    run = Run(device, when(trend("encoder.scan.los").stalled(3)).do(stop()))
    with pytest.warns(UserWarning, match="nothing is recorded as 'encoder.scan.los'; did you mean 'encoder.scan.loss'"):
        run.train(3)
    assert not run.step.stopped


def test_wrong_parts_are_told_before_training(device: torch.device) -> None:
    """With the line of the rule and the nearest path."""
    with pytest.raises(PathError, match=r"thaw\('encoder.raed'\): .*\n  at: .*test_story.py:\d+\n.*'encoder.read'"):
        Run(device, when(trend("loss").stalled(3)).do(thaw("encoder.raed")))


@pytest.mark.parametrize("capture", ["auto", "never"])
def test_rates_and_freezes_reach_a_recorded_step(device: torch.device, capture: str) -> None:
    """On a GPU the step is replayed; the same rules give the same weights as an eager run's."""
    plain, other = Run(device, *RULES[:2], capture="never"), Run(device, *RULES[:2], capture=capture)
    expected, found = plain.train(12), other.train(12)
    assert fired(plain) == fired(other)
    torch.testing.assert_close(torch.tensor(found), torch.tensor(expected), rtol=1e-4, atol=1e-6)
