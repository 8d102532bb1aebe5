"""The page as a file."""

from __future__ import annotations

import math

import pytest
from flodl_monitor.sinks import html as html_module
from flodl_monitor.sinks.html import Html
from flodl_monitor.web.page import history_in


def losses_in(path) -> list[float]:
    return list(history_in(path.read_text(encoding="utf-8")).metrics["loss"].values)


def test_page_is_there_from_the_first_epoch(record, tmp_path):
    """Then it is written now and then, and at the end."""
    path = tmp_path / "run.html"
    sink = Html(path)
    for epoch in (1, 2, 3):
        sink.emit(record(epoch, metrics={"loss": 1.0}))
    assert 1 == len(losses_in(path))
    assert '"finished":false' in path.read_text(encoding="utf-8")
    sink.close()
    assert 3 == len(losses_in(path))
    assert '"finished":true' in path.read_text(encoding="utf-8")
    assert "<h1>run</h1>" in path.read_text(encoding="utf-8")


def test_page_is_refreshed_while_the_run_goes_on(record, tmp_path, monkeypatch):
    """Every thirty seconds; here, at once."""
    monkeypatch.setattr(html_module, "REFRESH", 0.0)
    monkeypatch.setattr(html_module, "SHARE", math.inf)
    path = tmp_path / "run.html"
    sink = Html(path, title="digits")
    for epoch in (1, 2, 3):
        sink.emit(record(epoch, metrics={"loss": 1.0}))
        assert epoch == len(losses_in(path))
    assert [path] == list(tmp_path.iterdir())


def test_page_that_takes_long_is_written_seldom(record, tmp_path, monkeypatch):
    """A run of very many epochs does not spend its time on its page."""
    monkeypatch.setattr(html_module, "REFRESH", 0.0)
    monkeypatch.setattr(html_module, "SHARE", 1e-9)
    path = tmp_path / "run.html"
    sink = Html(path)
    for epoch in (1, 2, 3):
        sink.emit(record(epoch, metrics={"loss": 1.0}))
    assert 1 == len(losses_in(path))
    sink.close()
    assert 3 == len(losses_in(path))


def test_resumed_run_goes_on_in_its_page(record, tmp_path):
    """The curves before stay, those run again are replaced."""
    path = tmp_path / "run.html"
    first = Html(path)
    for epoch in (1, 2, 3):
        first.emit(record(epoch, metrics={"loss": 1.0}))
    first.close()
    second = Html(path)
    second.emit(record(3, metrics={"loss": 0.5}))
    second.close()
    assert [1.0, 1.0, 0.5] == losses_in(path)


@pytest.mark.parametrize("epoch", [1, 5])
def test_other_pages_are_set_aside(record, tmp_path, epoch):
    """An earlier run's page, or somebody else's, is not written over."""
    path = tmp_path / "run.html"
    path.write_text("<p>mine</p>")
    sink = Html(path)
    sink.emit(record(epoch, metrics={"loss": 0.5}))
    sink.close()
    assert "<p>mine</p>" == (tmp_path / "run.previous.html").read_text()
    assert [0.5] == losses_in(path)


def test_sink_without_an_epoch_writes_nothing(tmp_path):
    """There is nothing to see."""
    Html(tmp_path / "run.html").close()
    assert [] == list(tmp_path.iterdir())
