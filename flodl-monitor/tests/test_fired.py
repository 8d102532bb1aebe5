"""What rules do is told by every view of a run, and goes with its saved state."""

from __future__ import annotations

import copy
import io
import json
import pickle
from types import SimpleNamespace

import pytest
from flodl_core.rules import Firing
from flodl_monitor import EpochRecord, Monitor, read_event_log
from flodl_monitor.sinks.jsonl import Jsonl
from flodl_monitor.sinks.terminal import Terminal


def firing(epoch: int) -> Firing:
    return Firing(
        epoch=epoch,
        condition="trend('loss').stalled(3)",
        actions=("thaw('encoder')", "scale_lr(0.5)"),
        windows={"loss": (1.0, float("nan"), 0.5)},
    )


class Step:
    """A source whose rules fire after every second epoch, as a training step's do."""

    def __init__(self) -> None:
        self.epoch, self.fired = 0, ()

    def end_epoch(self) -> dict[str, float]:
        self.epoch += 1
        self.fired = (firing(self.epoch),) if self.epoch % 2 == 0 else ()
        return {"loss": 1.0}


class Kept:
    """A sink that keeps records."""

    def __init__(self) -> None:
        self.records: list[EpochRecord] = []

    def emit(self, record: EpochRecord) -> None:
        self.records.append(record)

    def close(self) -> None:
        pass


def test_every_sink_is_told(tmp_path) -> None:
    """With the record of the epoch at whose end it was."""
    sink, stream = Kept(), io.StringIO()
    with Monitor(4, sinks=[sink, Terminal(stream), Jsonl(tmp_path / "log.jsonl")], probes=[]) as monitor:
        for _ in monitor.epochs(Step()):
            pass
    assert [0, 1, 0, 1] == [len(record.fired) for record in sink.records]
    assert 2 == stream.getvalue().count(
        "\n         rule fired: thaw('encoder'), scale_lr(0.5) because trend('loss').stalled(3)\n"
    )
    events = [json.loads(line)["event"] for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert ["run", "epoch", "rule", "epoch", "epoch", "rule", "epoch", "finish"] == events
    assert [(), (2,), (), (4,)] == [tuple(f.epoch for f in record.fired) for record in monitor.history()]


def test_a_loop_of_ones_own_tells_too() -> None:
    """A step given as metrics says what fired; or it is said beside them."""
    sink, step = Kept(), Step()
    with Monitor(4, sinks=[sink], probes=[]) as monitor:
        step.end_epoch()
        step.end_epoch()
        monitor.log(1, 0.1, step)
        monitor.log(2, 0.1, {"loss": 1.0}, fired=[firing(3)])
    assert [(2,), (3,)] == [tuple(f.epoch for f in record.fired) for record in sink.records]


def test_the_event_log_gives_it_back(tmp_path) -> None:
    """Windows, NaN and all; a resumed run drops what it is about to do again."""
    path = tmp_path / "log.jsonl"
    with Monitor(4, sinks=[Jsonl(path)], probes=[]) as monitor:
        for _ in monitor.epochs(Step()):
            pass
    (told,) = read_event_log(path)[1].fired
    assert repr(firing(2)) == repr(told)
    step = Step()
    step.epoch = 3
    with Monitor(4, sinks=[Jsonl(path)], probes=[]) as monitor:
        for _ in monitor.epochs(step):
            pass
    assert [0, 1, 0, 1] == [len(record.fired) for record in read_event_log(path)]


def test_a_saved_monitor_remembers() -> None:
    """Through JSON; a state from before there were rules loads as well."""
    with Monitor(4, sinks=[], probes=[]) as monitor:
        for _ in monitor.epochs(Step()):
            pass
    state = json.loads(json.dumps(monitor.state_dict()))
    with Monitor(4, sinks=[], probes=[]) as other:
        other.load_state_dict(state)
        assert repr(monitor.history()) == repr(other.history())
        del state["history"]["fired"]
        other.load_state_dict(state)
        assert [()] * 4 == [record.fired for record in other.history()]


def test_a_record_with_firings_travels() -> None:
    """To another process, and as a copy."""
    record = EpochRecord(epoch=2, total=4, seconds=0.1, fired=(firing(2),))
    for travelled in (pickle.loads(pickle.dumps(record)), copy.deepcopy(record)):
        assert repr(record.fired) == repr(travelled.fired)


@pytest.mark.parametrize("fired", [None, 3, "yes", [1, 2], {"a": 1}])
def test_another_attribute_of_that_name_is_left_alone(fired: object) -> None:
    """A model may have a `fired` of its own."""
    sink, step = Kept(), Step()
    step.end_epoch = lambda: {"loss": 1.0}  # type: ignore[method-assign]
    step.fired = fired  # type: ignore[assignment]
    with Monitor(1, sinks=[sink], probes=[]) as monitor:
        for _ in monitor.epochs(step):
            pass
    assert [()] == [record.fired for record in sink.records]


def test_what_is_run_again_is_told_again_and_once() -> None:
    """A resumed monitor forgets the firings of epochs that are about to be repeated."""
    with Monitor(4, sinks=[], probes=[]) as monitor:
        for _ in monitor.epochs(Step()):
            pass
    with Monitor(4, sinks=[], probes=[]) as other:
        other.load_state_dict(monitor.state_dict())
        step = Step()
        step.epoch = 3
        for _ in other.epochs(step):
            pass
        assert [0, 1, 0, 1] == [len(record.fired) for record in other.history()]


def test_a_step_given_with_further_metrics():
    """Tells what its rules did as well as one given alone."""
    firings = [Firing(epoch=epoch, condition="c", actions=("stop()",), windows={}) for epoch in (1, 2)]
    first, second = (SimpleNamespace(fired=[firing], end_epoch=dict) for firing in firings)
    with Monitor(2, sinks=[], probes=[]) as monitor:
        monitor.log(0, 1.0, first)
        monitor.log(1, 1.0, (second, {"val": 1.0}))
    assert [(firing,) for firing in firings] == [record.fired for record in monitor.history()]
