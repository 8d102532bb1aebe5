"""The loop over epochs."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from flodl_core import TrainingError
from flodl_monitor import Monitor


class Step:
    """What a training step offers, as far as the monitor asks."""

    def __init__(self, epoch=0, stop_after=None):
        self.epoch, self.stop_after = epoch, stop_after

    @property
    def stopped(self):
        return self.stop_after is not None and self.epoch >= self.stop_after

    def end_epoch(self):
        self.epoch += 1
        return {"loss": 1 / self.epoch}


def quiet(total: int) -> Monitor:
    return Monitor(total, sinks=[], probes=[])


def test_epochs_counts_times_ends_and_logs():
    """Each turn: the body timed by the monotonic clock, end_epoch() called, its metrics logged."""
    step = Step()
    with quiet(3) as monitor:
        seen = []
        for epoch in monitor.epochs(step):
            seen.append((epoch, step.epoch))
            time.sleep(0.02)
    assert [(0, 0), (1, 1), (2, 2)] == seen
    assert 3 == step.epoch
    assert [{"loss": 1.0}, {"loss": 0.5}, {"loss": 1 / 3}] == [dict(record.metrics) for record in monitor.history()]
    assert all(0.02 <= record.seconds < 0.5 for record in monitor.history())


def test_epochs_resumes_where_the_source_is():
    """A step that has 7 epochs behind it begins with the eighth."""
    with quiet(9) as monitor:
        assert [7, 8] == list(monitor.epochs(Step(epoch=7)))
    assert [8, 9] == [record.epoch for record in monitor.history()]


@pytest.mark.parametrize("done", [3, 5])
def test_epochs_with_nothing_left_says_so(done, capsys):
    """A total at or below the resumed epoch: no turn, one line."""
    with quiet(3) as monitor:
        assert [] == list(monitor.epochs(Step(epoch=done)))
    assert f"flodl-monitor: nothing to train: {done} of 3 epochs are done\n" == capsys.readouterr().err


def test_epochs_ends_when_the_source_is_stopped(capsys):
    """By a rule, after its epoch was logged; a stopped one, of a run resumed say, does not begin, and that is told."""
    with quiet(100) as monitor:
        assert [0, 1] == list(monitor.epochs(Step(stop_after=2)))
        assert "" == capsys.readouterr().err
        assert [] == list(monitor.epochs(Step(epoch=5, stop_after=2)))
    assert [1, 2] == [record.epoch for record in monitor.history()]
    assert "flodl-monitor: nothing to train: it was stopped after 5 of 100 epochs\n" == capsys.readouterr().err


def test_epochs_needs_no_source():
    """A model that keeps nothing: the monitor counts, and keeps what it is told."""
    with quiet(2) as monitor:
        for _ in monitor.epochs():
            for value, size in ((1.0, 3), (0.0, 1)):
                monitor.record("loss", value, weight=size)
    assert [{"loss": 0.75}, {"loss": 0.75}] == [dict(record.metrics) for record in monitor.history()]


def test_epochs_takes_any_module(device):
    """A plain torch.nn.Module offers none of it."""
    torch = pytest.importorskip("torch")
    with quiet(2) as monitor:
        assert [0, 1] == list(monitor.epochs(torch.nn.Linear(2, 2, device=device)))


def test_recorded_values_join_the_sources():
    """The source's own win where both have a name."""
    with quiet(1) as monitor:
        for _ in monitor.epochs(Step()):
            monitor.record("val_loss", 0.25)
            monitor.record("loss", 99.0)
    assert {"loss": 1.0, "val_loss": 0.25} == dict(monitor.history()[0].metrics)


def test_epoch_broken_off_is_not_logged():
    """break: the next loop begins with that epoch, without its leftovers."""
    with quiet(4) as monitor:
        for epoch in monitor.epochs():
            monitor.record("loss", 9.0)
            if epoch == 1:
                break
        for epoch in monitor.epochs():
            monitor.record("loss", float(epoch))
    assert [(1, 9.0), (2, 1.0), (3, 2.0), (4, 3.0)] == [(r.epoch, r.metrics["loss"]) for r in monitor.history()]


def test_epoch_that_raises_is_not_logged(capsys):
    """The error passes through the context manager, which says where the run ended; a new loop may begin."""
    step, monitor = Step(), Monitor(4, sinks=["terminal"], probes=[])

    def train():
        with monitor:
            return [1 / (1 - epoch) for epoch in monitor.epochs(step)]

    with pytest.raises(ZeroDivisionError):
        train()
    assert [1] == [record.epoch for record in monitor.history()]
    assert 1 == step.epoch
    assert "  training stopped at epoch 1/4 after" in capsys.readouterr().err


def test_loops_do_not_nest():
    """Two loops at once over one monitor are a mistake, and told as one."""
    with quiet(3) as monitor:
        outer = monitor.epochs(Step())
        next(outer)
        next(monitor.epochs(Step()))
        with pytest.raises(TrainingError, match="two loops over epochs"):
            next(outer)


def test_epochs_after_finish():
    """At the door, not in the middle of training."""
    monitor = quiet(3)
    monitor.finish()
    with pytest.raises(TrainingError, match="this monitor is finished"):
        monitor.epochs(Step())


@pytest.mark.parametrize("epoch", ["three", -1, object()])
def test_source_that_cannot_count(epoch):
    """Named, with what it said."""
    with quiet(3) as monitor, pytest.raises(TrainingError, match=r"SimpleNamespace\.epoch counts finished epochs"):
        monitor.epochs(SimpleNamespace(epoch=epoch))


def test_errors_of_the_source_are_trainings_own():
    """What end_epoch() raises is not swallowed."""

    def fail():
        raise OSError("no plateau")

    with quiet(3) as monitor, pytest.raises(OSError, match="no plateau"):
        list(monitor.epochs(SimpleNamespace(end_epoch=fail)))


def test_odd_metrics_of_the_source_do_not_end_training(capsys):
    """end_epoch() that returns a list: said once, the epochs are logged."""
    with quiet(2) as monitor:
        assert [0, 1] == list(monitor.epochs(SimpleNamespace(end_epoch=lambda: [1.0])))
    assert 2 == len(monitor.history())
    assert 1 == capsys.readouterr().err.count("metrics are a mapping")


def test_a_method_that_says_stopped_is_no_property():
    """It would always be true, and nothing be trained, in silence."""

    class Wrong(Step):
        def stopped(self):
            return False

    with (
        quiet(3) as monitor,
        pytest.raises(TrainingError, match="stopped says whether training is over") as caught,
    ):
        list(monitor.epochs(Wrong()))
    assert "make it a property" == caught.value.mend


def test_what_is_recorded_before_the_loop_is_told(capsys):
    """It is of no epoch; what an epoch that was broken off leaves is of none either, and that is known."""
    with quiet(3) as monitor:
        monitor.record("val", 1.0)
        for _ in monitor.epochs():
            monitor.record("loss", 1.0)
            break
        list(monitor.epochs())
    assert all({} == record.metrics for record in monitor.history())
    assert "flodl-monitor: val: recorded before epochs(), of no epoch, and left out\n" == capsys.readouterr().err
