"""Event logs that somebody else wrote, or nobody."""

from __future__ import annotations

import json

import pytest
from flodl_core import MonitorError
from flodl_monitor import read_event_log

BEGIN = '{"event": "run", "schema": 1, "from": 1, "total": 3, "time": 1.0}\n'
EPOCH = {"event": "epoch", "epoch": 1, "total": 3, "seconds": 1.0, "time": 1.0, "metrics": {}, "resources": {}}


@pytest.mark.parametrize(
    "line",
    [
        *(json.dumps({**EPOCH, "epoch": epoch}) for epoch in ("<img>", -5, 1.5, 10**30, float("inf"), None, True)),
        *(json.dumps({**EPOCH, "total": total}) for total in ("x", None, float("inf"))),
        *(json.dumps({**EPOCH, "time": time}) for time in ("x", None, float("nan"))),
        json.dumps({**EPOCH, "metrics": {"loss": 10**400}}),
        '{"event": "mark", "epoch": Infinity, "text": "x"}',
        '{"event": "run", "schema": 1, "from": Infinity}',
        '{"event": "finish", "epochs": Infinity}',
        '{"event": "about", "title": 0, "settings": {}, "environment": {}, "parts": [[0, Infinity, 0]], "drawing": 0}',
        "[" * 100_000,
    ],
    ids=lambda line: line[:100],
)
def test_no_line_can_do_more_than_be_refused(line, tmp_path):
    """Whoever wrote it: its place is told."""
    path = tmp_path / "run.jsonl"
    path.write_text(f"{BEGIN}{line}\n")
    with pytest.raises(MonitorError) as caught:
        read_event_log(path)
    assert f"{path}:2" == caught.value.where


def test_what_cannot_be_read_is_told(tmp_path):
    """No file, a folder, no text."""
    for path in (tmp_path / "nowhere.jsonl", tmp_path):
        with pytest.raises(MonitorError, match="cannot be read"):
            read_event_log(path)
    (tmp_path / "picture.jsonl").write_bytes(b"\x89PNG\xff\n")
    with pytest.raises(MonitorError, match="this line is no event of a training run"):
        read_event_log(tmp_path / "picture.jsonl")
