"""What the sink writes, as TensorBoard's own reader sees it."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest
from flodl_core import MonitorError, components
from flodl_core.testing import exercise
from flodl_monitor import Mark, Monitor
from flodl_monitor.testing import CHECKS
from flodl_tensorboard import TensorBoard

OURS = "events.out.tfevents.*.flodl"


class Model:
    """What a monitor may look at."""

    label = "wide | model"


def test_metrics_come_back_by_their_dotted_names(record, shown, tmp_path):
    """Steps are epochs from 1, values those of 32 bits; readings and seconds have tags of ours."""
    sink = TensorBoard(tmp_path)
    sink.emit(record(1, metrics={"loss": 0.7, "encoder.scan.loss": 0.5}, resources={"cpu_percent": 12.5}))
    sink.emit(record(2, metrics={"loss": 0.25, "val": -1e-30}, seconds=1.5))
    sink.close()
    run = shown(tmp_path)
    assert [(1, pytest.approx(0.7, rel=1e-7)), (2, 0.25)] == run.scalar("loss")
    assert [(1, 0.5)] == run.scalar("encoder.scan.loss")
    assert [(2, pytest.approx(-1e-30, rel=1e-7))] == run.scalar("val")
    assert [(1, 12.5)] == run.scalar("machine/cpu_percent")
    assert [(1, 0.5), (2, 1.5)] == run.scalar("machine/epoch_seconds")
    assert 1001.0 == run.reader.Scalars("loss")[0].wall_time


def test_values_that_are_no_ordinary_numbers(record, shown, tmp_path):
    """NaN and infinities are themselves; what 32 bits cannot hold is an infinity of its sign."""
    sink = TensorBoard(tmp_path)
    sink.emit(record(metrics={"nan": math.nan, "inf": math.inf, "large": 1e300, "low": -1e300}))
    sink.close()
    run = shown(tmp_path)
    assert math.isnan(run.scalar("nan")[0][1])
    assert [math.inf, math.inf, -math.inf] == [run.scalar(tag)[0][1] for tag in ("inf", "large", "low")]


def test_every_name_is_its_own_tag(record, shown, tmp_path):
    """Whatever is in it, the empty one and 5,000 letters too."""
    names = ("new\nline", "größe 🔥", "<script>", "a/b", "", "x" * 5000, "\x1b[2J", "lone\ud800")
    sink = TensorBoard(tmp_path)
    sink.emit(record(metrics={name: float(place) for place, name in enumerate(names)}))
    sink.close()
    run = shown(tmp_path)
    told = [name.encode("utf-8", "backslashreplace").decode() for name in names]
    assert [[(1, float(place))] for place in range(len(names))] == [run.scalar(name) for name in told]


def test_what_is_watched_is_told(shown, tmp_path):
    """Settings as text and as hyper-parameters with their types; the environment; marks at their epoch."""
    with Monitor(2, sinks=[("tensorboard", {"folder": tmp_path})], probes=[]) as monitor:
        monitor.watch(Model(), lr=0.01, data={"use": "digits", "flat": True})
        for epoch in monitor.epochs():
            if epoch:
                monitor.mark("saved best_model")
    run = shown(tmp_path)
    assert {"lr": 0.01, "data.use": "digits", "data.flat": True} == run.settings()
    (settings,) = run.text("about/settings")
    assert (0, "| setting | |\n|---|---|\n| lr | 0.01 |\n| data.use | digits |\n| data.flat | True |") == settings
    assert [(0, "**wide \\| model**\n\n")] == run.text("about/model")
    assert "| Python |" in run.text("about/environment")[0][1]
    assert [(2, "- saved best\\_model")] == run.text("marks")


def test_marks_that_come_late(record, shown, tmp_path):
    """Said of an epoch that is over: TensorBoard keeps every word, each said of its epoch."""
    sink = TensorBoard(tmp_path)
    sink.mark(Mark(1, "before there is anything"))
    sink.emit(record(1))
    sink.mark(Mark(1, "saved"))
    sink.emit(record(2, marks=("freeze encoder",)))
    sink.mark(Mark(1, "saved again"))
    sink.mark(Mark(2, "saved"))
    sink.close()
    last = dict(shown(tmp_path).text("marks"))
    assert {1: "- saved", 2: "- freeze encoder\n- epoch 1: saved again\n- saved"} == last


def test_resumed_run_goes_on(record, shown, tmp_path):
    """Epochs before stay, those run again are replaced, in a file that is read after the first."""
    first = TensorBoard(tmp_path)
    for epoch in (1, 2, 3, 4):
        first.emit(record(epoch, metrics={"loss": 1.0}))
    first.close()
    second = TensorBoard(tmp_path)
    for epoch in (3, 4, 5):
        second.emit(record(epoch, metrics={"loss": 0.5}, time=10.0))  # the clock was put back
    second.close()
    assert [(1, 1.0), (2, 1.0), (3, 0.5), (4, 0.5), (5, 0.5)] == shown(tmp_path).scalar("loss")


def test_monitor_resumed_from_its_state(shown, tmp_path):
    """The numbering goes on where the state was taken."""
    sinks = [("tensorboard", {"folder": tmp_path})]
    with Monitor(5, sinks=sinks, probes=[]) as first:
        for epoch in first.epochs():
            first.record("loss", float(epoch))
            if epoch == 2:
                state = first.state_dict()  # epochs 1 and 2 are whole
            if epoch == 3:
                break
    with Monitor(5, sinks=sinks, probes=[]) as second:
        second.load_state_dict(state)
        for epoch in second.epochs():
            second.record("loss", 10.0 + epoch)
    assert [(1, 0.0), (2, 1.0), (3, 7.0), (4, 13.0), (5, 14.0)] == shown(tmp_path).scalar("loss")


def test_resumed_in_another_folder(shown, tmp_path):
    """The epochs that the monitor remembers come first, with what happened in them."""
    with Monitor(4, sinks=[("tensorboard", {"folder": tmp_path / "one"})], probes=[]) as first:
        for epoch in first.epochs():
            first.record("loss", float(epoch))
            if epoch == 0:
                first.mark("saved")
            if epoch == 2:
                break
        state = first.state_dict()
    with Monitor(4, sinks=[("tensorboard", {"folder": tmp_path / "two"})], probes=[]) as second:
        second.load_state_dict(state)
        for epoch in second.epochs():
            second.record("loss", 10.0 + epoch)
    run = shown(tmp_path / "two")
    assert [(1, 0.0), (2, 1.0)] == run.scalar("loss")[:2]
    assert [3, 4] == [epoch for epoch, _ in run.scalar("loss")[2:]]
    assert [(1, "- saved")] == run.text("marks")


def test_resumed_after_a_torn_record(record, shown, tmp_path):
    """A power cut may leave half a record: what is before and after it is read."""
    first = TensorBoard(tmp_path)
    for epoch in (1, 2):
        first.emit(record(epoch, metrics={"loss": 1.0}))
    first.close()
    (file,) = tmp_path.glob(OURS)
    os.truncate(file, file.stat().st_size - 7)
    second = TensorBoard(tmp_path)
    second.emit(record(2, metrics={"loss": 0.5}))
    second.close()
    assert [(1, 1.0), (2, 0.5)] == shown(tmp_path).scalar("loss")


def test_an_earlier_run_is_kept_beside(record, shown, tmp_path):
    """A run from the beginning moves it; other files in the folder, a SummaryWriter's say, are left alone."""
    folder = tmp_path / "a"
    for loss in (1.0, 2.0, 3.0):
        sink = TensorBoard(folder)
        sink.emit(record(1, metrics={"loss": loss}))
        sink.close()
        (folder / "events.out.tfevents.1.host").touch()
    assert [(1, 3.0)] == shown(folder).scalar("loss")
    assert [(1, 2.0)] == shown(tmp_path / "a.previous").scalar("loss")
    assert ["events.out.tfevents.1.host"] == [file.name for file in folder.iterdir() if file not in folder.glob(OURS)]
    assert 1 == len(list((tmp_path / "a.previous").iterdir()))


def test_without_an_epoch_nothing_is_written(tmp_path):
    """There is nothing to see, and an earlier run stays where it is."""
    TensorBoard(tmp_path).close()
    assert [] == list(tmp_path.iterdir())


def test_folder_that_is_none(tmp_path):
    """Before training, not after its first epoch."""
    (tmp_path / "file").touch()
    with pytest.raises(MonitorError, match="is no folder"):
        TensorBoard(tmp_path / "file")
    with pytest.raises(MonitorError, match="cannot be made"):
        TensorBoard(tmp_path / "file" / "runs")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_folder_that_cannot_be_written(tmp_path):
    """Told as such."""
    tmp_path.chmod(0o500)
    with pytest.raises(MonitorError, match="cannot be written"):
        TensorBoard(tmp_path)


def test_the_suite_of_sinks_passes():
    """What every sink promises, and what flodl-monitor adds."""
    results = list(exercise(components.find("sink", "flodl-tensorboard/tensorboard"), more=CHECKS))
    assert [] == [result for result in results if result.outcome != "passed"]
    assert {"loads", "builds", "closes", "records", "again"} == {result.check for result in results}


def test_folder_may_begin_with_home(record, monkeypatch, tmp_path):
    """`~` is the user's folder, as in a shell."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Path(os.path.realpath(tmp_path)) / "runs" == TensorBoard("~/runs").folder


def test_epochs_run_again_by_the_same_monitor(shown, tmp_path):
    """A rollback: TensorBoard forgets the epochs from there on, and keeps those before."""
    with Monitor(5, sinks=[("tensorboard", {"folder": tmp_path})], probes=[]) as monitor:
        for epoch in range(4):
            monitor.log(epoch, 1.0, {"loss": float(epoch)})
        for epoch in (2, 3):
            monitor.log(epoch, 1.0, {"loss": 10.0 + epoch})
    assert [(1, 0.0), (2, 1.0), (3, 12.0), (4, 13.0)] == shown(tmp_path).scalar("loss")


@pytest.mark.skipif(os.name == "nt", reason="there an open file cannot be removed")
def test_a_folder_that_was_removed_is_told(record, tmp_path):
    """Records would go where nobody finds them."""
    sink = TensorBoard(tmp_path / "run")
    sink.emit(record(1, metrics={"loss": 0.5}))
    for file in (tmp_path / "run").glob(OURS):
        file.unlink()
    with pytest.raises(FileNotFoundError, match="was removed while it was being written"):
        sink.emit(record(2, metrics={"loss": 0.5}))
    sink.close()
