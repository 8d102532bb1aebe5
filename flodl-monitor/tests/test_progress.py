"""How far the epoch under way is."""

from __future__ import annotations

import threading
import weakref
from types import SimpleNamespace

import pytest
from flodl_core import MonitorError
from flodl_monitor import Monitor
from flodl_monitor import progress as progress_module
from flodl_monitor.progress import Progress


class Clock:
    """Time as the test says."""

    def __init__(self, monkeypatch):
        self.now = 100.0
        monkeypatch.setattr(progress_module.time, "monotonic", lambda: self.now)

    def look(self, progress: Progress, seconds: float):
        """What is seen after so many seconds more."""
        self.now += seconds
        return progress.look(self.now)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def nothing() -> dict[str, float]:
    return {}


def test_nothing_is_seen_between_epochs(clock):
    """Before the first, and after one."""
    progress = Progress(3, nothing)
    assert clock.look(progress, 1) is None
    progress.begin(1, None, None)
    assert clock.look(progress, 1) is not None
    progress.end()
    assert clock.look(progress, 1) is None


def test_steps_are_read_off_the_source(clock):
    """Nothing is called per step; from the second epoch on the first one's steps are what is expected."""
    progress, step = Progress(3, nothing), SimpleNamespace(steps=1000)
    progress.begin(1, step, None)
    step.steps += 20
    first = clock.look(progress, 2.0)
    assert (20, None, 2.0, 10.0, None, None) == (
        first.done, first.expected, first.seconds, first.rate, first.left, first.eta,
    )  # fmt: skip
    step.steps += 20
    progress.end()
    progress.learn({"loss": 0.5})
    progress.begin(2, step, 4.0)
    step.steps += 10
    second = clock.look(progress, 1.0)
    assert (2, 10, 40, 10.0, 3.0, 7.0) == (
        second.epoch, second.done, second.expected, second.rate, second.left, second.eta,
    )  # fmt: skip
    assert {"loss": 0.5} == second.metrics


def test_more_steps_than_the_epoch_before(clock):
    """Then nobody can tell, and nothing is claimed."""
    progress, step = Progress(3, nothing), SimpleNamespace(steps=0)
    progress.begin(1, step, None)
    step.steps = 5
    progress.end()
    progress.learn({})
    progress.begin(2, step, 1.0)
    step.steps = 11
    glance = clock.look(progress, 1.0)
    assert (6, None, None, None) == (glance.done, glance.expected, glance.left, glance.eta)


def test_broken_epoch_teaches_nothing(clock):
    """Its steps are not what the next will have."""
    progress, step = Progress(3, nothing), SimpleNamespace(steps=0)
    progress.begin(1, step, None)
    step.steps = 3
    progress.end()
    progress.begin(1, step, None)
    assert clock.look(progress, 1.0).expected is None


def test_batches_are_counted_when_they_are_done(clock):
    """With the loader's length; rather than the source's steps, which may be fewer."""
    progress = Progress(2, nothing)
    progress.begin(1, SimpleNamespace(steps=0), None)
    seen = []
    for batch in progress.over([5, 6, 7], None):
        glance = clock.look(progress, 1.0)
        seen.append((batch, glance.done, glance.expected))
    assert [(5, 0, 3), (6, 1, 3), (7, 2, 3)] == seen
    after = clock.look(progress, 0.0)
    assert (3, 0.0) == (after.done, after.left)
    assert 3.0 == after.eta  # the other epoch, at the pace of this one


@pytest.mark.parametrize(
    ("loader", "total", "expected"),
    [(iter("abc"), None, 3), ((x for x in "abc"), None, None), ((x for x in "abc"), 3, 3)],
)
def test_loaders_of_any_kind(clock, loader, total, expected):
    """An iterator may know its length; a generator's may be told."""
    progress = Progress(1, nothing)
    progress.begin(1, None, None)
    batches = progress.over(loader, total)
    next(batches)
    assert expected == clock.look(progress, 1.0).expected
    assert ["b", "c"] == list(batches)


def test_loader_that_refuses_to_count(clock):
    """A data loader over a stream raises where its length is asked for."""

    class Stream:
        def __len__(self):
            raise NotImplementedError("endless")

        def __iter__(self):
            return iter("ab")

    progress = Progress(1, nothing)
    progress.begin(1, None, None)
    assert ["a", "b"] == list(progress.over(Stream(), None))


def test_rate_is_that_of_the_last_seconds(clock):
    """A slow beginning (a capture, a compilation) is forgotten."""
    progress, step = Progress(1, nothing), SimpleNamespace(steps=0)
    progress.begin(1, step, None)
    step.steps = 1
    clock.look(progress, 60.0)
    for _ in range(40):
        step.steps += 5
        glance = clock.look(progress, 0.5)
    assert 10.0 == pytest.approx(glance.rate)


def test_source_that_cannot_say(clock):
    """A count that raises, or is no count, is none."""

    class Odd:
        @property
        def steps(self):
            raise RuntimeError

    for source in (Odd(), SimpleNamespace(steps="many"), None):
        progress = Progress(1, nothing)
        progress.begin(1, source, None)
        assert 0 == clock.look(progress, 1.0).done


def test_several_loops_in_an_epoch(clock):
    """Each has a count and a rate of its own."""
    progress = Progress(1, nothing)
    progress.begin(1, None, None)
    for _ in progress.over(range(100), None):
        clock.look(progress, 0.1)
    for _ in progress.over(range(5), None):
        glance = clock.look(progress, 2.0)
    assert (4, 5, 0.5) == (glance.done, glance.expected, glance.rate)


def test_nothing_is_kept_of_the_source(clock):
    """A monitor that outlives a model does not hold its memory; an epoch that was broken off neither."""

    class Step:
        steps = 0

    progress, step = Progress(3, nothing), Step()
    kept = weakref.ref(step)
    for broken in (False, True):
        progress.begin(1, step, None)
        clock.look(progress, 1.0)
        progress.end()
        if not broken:
            progress.learn({})
    del step
    assert kept() is None


def test_monitor_tells_its_progress():
    """A sink that asks gets it before the first record; metrics so far beside those of the epoch before."""

    class Watcher:
        def __init__(self):
            self.following, self.progress = threading.Event(), None

        def follow(self, progress):
            self.progress = progress
            self.following.set()

        def emit(self, record):
            pass

        def close(self):
            pass

    watcher = Watcher()
    seen = []
    with Monitor(2, sinks=[watcher], probes=[]) as monitor:
        assert watcher.following.wait(10)
        for epoch in monitor.epochs():
            for value in monitor.batches([1.0, 2.0]):
                monitor.record("loss", value)
                glance = watcher.progress.look(1e9)
                seen.append((glance.epoch, glance.done, glance.expected, dict(glance.metrics)))
            monitor.record("val_loss", 9.0 + epoch)
    assert [
        (1, 0, 2, {"loss": 1.0}),
        (1, 1, 2, {"loss": 1.5}),
        (2, 0, 2, {"loss": 1.0, "val_loss": 9.0}),
        (2, 1, 2, {"loss": 1.5, "val_loss": 9.0}),
    ] == seen
    assert watcher.progress.look(1e9) is None


@pytest.mark.parametrize("wrap", [lambda model: model, lambda model: SimpleNamespace(model=model, steps=1)])
def test_models_own_means_so_far(clock, wrap):
    """A graph's, or that of a step's model: above those of the epoch before, below what `record` was given."""
    model = SimpleNamespace(running_metrics=lambda: {"loss": 0.5, "acc": 0.25})
    progress = Progress(2, lambda: {"acc": 0.75})
    progress.learn({"loss": 9.0, "val_loss": 8.0})
    progress.begin(2, wrap(model), None)
    assert {"loss": 0.5, "val_loss": 8.0, "acc": 0.75} == clock.look(progress, 1.0).metrics


def test_model_that_is_just_changing(clock):
    """What it raises then is nobody's concern: there is another look."""

    def changing():
        raise RuntimeError("dictionary changed size during iteration")

    progress = Progress(2, nothing)
    progress.begin(1, SimpleNamespace(running_metrics=changing), None)
    assert {} == clock.look(progress, 1.0).metrics


def test_batches_outside_of_epochs():
    """Are just the batches."""
    with Monitor(1, sinks=[], probes=[]) as monitor:
        assert [1, 2] == list(monitor.batches([1, 2]))


@pytest.mark.parametrize("total", ["abc", 2.5, -1, True])
def test_a_total_is_a_count(total):
    """Otherwise it is said, and not by a bar that falls over."""
    with pytest.raises(MonitorError, match="epochs are counted"):
        next(Progress(2, dict).over([1, 2], total))
