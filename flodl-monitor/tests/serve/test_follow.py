"""A run that is watched from its event log: whole, growing, torn, resumed, finished."""

from __future__ import annotations

import os

import pytest
from flodl_core.errors import MonitorError
from flodl_monitor.about import About
from flodl_monitor.follow import Follower, Past, event_log_in, saved_page
from flodl_monitor.record import Mark
from flodl_monitor.sinks.jsonl import Jsonl

pytest.importorskip("uvicorn", reason="the dashboard's server is not installed: pip install 'flodl-monitor[serve]'")


def losses(page) -> list[int]:
    return next(curve["epochs"] for curve in page["curves"] if curve["name"] == "loss")


def test_a_growing_log(dashboard, reader, record, tmp_path):
    """What is there is in the page; what is written later comes as events, a line half written when it is whole."""
    path = tmp_path / "run.jsonl"
    writer = Jsonl(path)
    writer.emit(record(1, metrics={"loss": 1.0}))
    follower = Follower(Past(path), dashboard)
    page = reader.page()
    assert [1, 1] == losses(page)
    assert not page["finished"]
    writer.emit(record(2, metrics={"loss": 0.5}))
    assert 1 == follower.read()
    events = reader.events(page["live"]["run"], page["live"]["after"])
    assert 2 == next(events)[1]["epoch"]
    writer.emit(record(3, metrics={"loss": 0.2}))
    whole = path.read_bytes()
    path.write_bytes(whole[:-7])
    assert 0 == follower.read()
    path.write_bytes(whole)
    assert 1 == follower.read()
    assert 3 == next(events)[1]["epoch"]
    writer.mark(Mark(2, "saved states/2"))
    assert 0 == follower.read()
    assert {"event": "mark", "epoch": 2, "text": "saved states/2"} == next(events)[1]
    writer.close()
    follower.read()
    assert "finish" == next(events)[1]["event"]
    assert follower.finished
    assert reader.page()["finished"]


def test_a_run_that_goes_on_in_its_log(dashboard, reader, record, tmp_path):
    """Epochs that were run again replace what was there, and what came after."""
    path = tmp_path / "run.jsonl"
    first = Jsonl(path)
    for epoch in (1, 2, 3, 4):
        first.emit(record(epoch, metrics={"loss": 1.0}))
    first.close()
    follower = Follower(Past(path), dashboard)
    assert follower.finished
    second = Jsonl(path)
    second.emit(record(3, metrics={"loss": 0.1}))
    assert 1 == follower.read()
    assert not follower.finished
    page = reader.page()
    assert ([1, 3], False) == (losses(page), page["finished"])
    second.close()


def test_a_folder_with_one_log(tmp_path):
    """Its name need not be given; of several, and of none, the message tells."""
    with pytest.raises(MonitorError, match="there is no event log at"):
        event_log_in(tmp_path)
    (tmp_path / "run.jsonl").touch()
    (tmp_path / "run.previous.jsonl").touch()
    assert tmp_path / "run.jsonl" == event_log_in(tmp_path)
    (tmp_path / "other.jsonl").touch()
    with pytest.raises(MonitorError, match="holds 2 event logs") as caught:
        event_log_in(tmp_path)
    assert "name one: other.jsonl, run.jsonl" == caught.value.mend


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_what_can_never_be_read_to_its_end_is_no_log(make, tmp_path):
    """Named, or found in a folder: nobody waits for a pipe."""
    make(tmp_path / "run.jsonl")
    for path in (tmp_path, tmp_path / "run.jsonl", "/dev/zero"):
        with pytest.raises(MonitorError, match="there is no event log at"):
            event_log_in(path)


def test_where_nobody_can_look():
    """Too long a name, and one that no system has."""
    for path in ("a" * 300, "a\0b"):
        with pytest.raises(MonitorError, match=r"cannot be read|there is no event log at"):
            event_log_in(path)


def test_what_is_no_log(dashboard, tmp_path):
    """Told with the line; a file that is replaced by a shorter one while it is watched, too."""
    path = tmp_path / "run.jsonl"
    path.write_text("hello\n")
    with pytest.raises(MonitorError, match="this line is no event of a training run") as caught:
        Follower(Past(path), dashboard)
    assert f"{path}:1" == caught.value.where
    assert "a run writes a log with" in caught.value.mend
    path.write_text('{"event": "run", "schema": 1, "from": 1, "total": 3, "time": 0}\n')
    follower = Follower(Past(path), dashboard)
    path.write_text("")
    with pytest.raises(MonitorError, match="became shorter while it was watched"):
        follower.read()
    path.unlink()
    with pytest.raises(MonitorError, match="cannot be read"):
        follower.read()
    path.write_text('{"event": "run", "schema": 1, "from": 1, "total": 3, "time": 0}\nhello\n')
    with pytest.raises(MonitorError, match="this line is no event of a training run") as caught:
        Follower(Past(path), dashboard)
    assert f"the lines before it are whole: head -n 1 {path} > whole.jsonl" == caught.value.mend


def test_another_run_at_its_place(dashboard, reader, record, tmp_path):
    """Training begun anew, while its log is watched: open pages load again, and show the new run alone."""
    path = tmp_path / "run.jsonl"
    first = Jsonl(path)
    first.describe(About(title="first"))
    for epoch in (1, 2):
        first.emit(record(epoch, metrics={"loss": 1.0}))
    follower = Follower(Past(path), dashboard)
    page = reader.page()
    second = Jsonl(path)
    for epoch in (1, 2, 3):
        second.emit(record(epoch, metrics={"loss": 0.1, "more": 1.0}))
    assert 3 == follower.read()
    assert (None, "anew") == next(reader.events(page["live"]["run"], page["live"]["after"]))
    page = reader.page()
    assert ([1, 3], "") == (losses(page), page["about"]["title"])
    second.emit(record(4, metrics={"loss": 0.1}))
    assert 1 == follower.read()
    assert [1, 4] == losses(reader.page())
    for log in (first, second):
        log.close()


def test_a_page_never_replaces_its_log(tmp_path):
    """A slip of the finger must not cost the run."""
    path = tmp_path / "run.jsonl"
    path.write_text('{"event": "run", "schema": 1, "from": 1, "total": 3, "time": 0}\n')
    (tmp_path / "other.html").symlink_to(path)
    for place in (path, tmp_path / "other.html"):
        with pytest.raises(MonitorError, match="the page would replace the event log") as caught:
            saved_page(path, place)
        assert "another path: run.html" == caught.value.mend
    assert path.read_text().startswith("{")
