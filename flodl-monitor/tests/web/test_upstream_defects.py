"""What went wrong on the page of floDl's own dashboard, one test each: none of it here."""

from __future__ import annotations

import csv
import html
import io
import json
import math
import re
import time

import pytest
from flodl_core.errors import MonitorError
from flodl_monitor import Monitor
from flodl_monitor.log_reader import read_event_log
from flodl_monitor.sinks.csv import Csv
from flodl_monitor.sinks.dashboard import Dashboard
from flodl_monitor.sinks.html import Html
from flodl_monitor.sinks.jsonl import Jsonl
from flodl_monitor.web.page import history_in
from flodl_monitor.web.payload import LIVE

pytest.importorskip("uvicorn", reason="the dashboard's server is not installed: pip install 'flodl-monitor[serve]'")

EVIL = "document.body.textContent='PWNED'"


@pytest.fixture
def dashboard():
    made = Dashboard(port=0)
    yield made
    made.close()


def data_of(page: str) -> dict:
    return json.loads(re.search(r'id="run">(.*?)</script>', page)[1])


def rows_of(tab) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(tab.data())))


def test_01_a_reconnect_doubles_nothing(tab, dashboard, record):
    """Five epochs stay five, however often the page loses its stream and takes it up again."""
    page = tab().open(dashboard.url)
    for epoch in range(1, 6):
        dashboard.emit(record(epoch, metrics={"loss": 1.0}))
        page.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for("#place", "1 to 5 of 5")
    page.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    dashboard.emit(record(6, metrics={"loss": 1.0}))
    page.wait_for("#state", "epoch 6")
    assert [str(epoch) for epoch in range(1, 7)] == [row["epoch"] for row in rows_of(page)]


def test_02_a_sparse_metric_stands_at_its_epochs(tab, dashboard, record):
    """Logged every third epoch, it is at 3 and 6: in the page's data, live and loaded."""
    live = tab().open(dashboard.url)
    for epoch in range(1, 8):
        dashboard.emit(record(epoch, metrics={"loss": 1.0, **({"val": 0.5} if epoch % 3 == 0 else {})}))
    live.wait_for("#state", "epoch 7")
    for page in (live, tab().open(dashboard.url)):
        assert ["3", "6"] == [row["epoch"] for row in rows_of(page) if row["val"]]


def test_03_a_late_metric_gets_its_column(tab, dashboard, record):
    """The head of the table of epochs has as many cells as its rows, also when a metric appears later."""
    page = tab().open(dashboard.url)
    dashboard.emit(record(1, metrics={"loss": 1.0}))
    page.wait_for("#place", "of 1")
    dashboard.emit(record(2, metrics={"loss": 1.0, "late": 2.0}))
    page.wait_for("#epochs thead", "late")
    cells = [row.locator("th, td").all_inner_texts() for row in page.page.locator("#epochs tr").all()]
    assert [["Epoch", "Seconds", "loss", "late"], ["2", "0.5000", "1.0000", "2.0000"]] == cells[:2]
    assert ["1", "0.5000", "1.0000", "\N{EN DASH}"] == cells[2]


class Evil:
    """A model whose every word is markup."""

    label = f"<img src=x onerror={EVIL}>"

    def svg(self) -> str:
        name = html.escape(self.label)
        return f'<svg onload="{EVIL}"><g data-path="{name}"><title>{name}</title><script>{EVIL}</script></g></svg>'


def test_04_a_label_is_text(tab, tmp_path):
    """Of a graph, in its drawing and in its heading."""
    with Monitor(1, sinks=[], probes=[]) as monitor:
        monitor.watch(Evil())
        monitor.log(0, 0.1, {"loss": 1.0})
        page = tab().open(monitor.save_html(tmp_path / "run.html"))
    page.wait_for("#model-heading", "<img src=x")
    assert 0 == page.page.locator("img, svg script").count()
    assert 1 == page.page.locator("#drawing svg").count()
    assert [] == page.said


def test_05_a_metric_under_the_crosshair_is_text(tab, dashboard, record):
    """Its name, and that of a GPU, where values are read out."""
    name = "<img src=x onerror=stop()>"
    dashboard.emit(record(1, metrics={name: 1.0}, resources={f"{name}_percent": 3.0}))
    dashboard.emit(record(2, metrics={name: 2.0}, resources={f"{name}_percent": 3.0}))
    page = tab().open(dashboard.url)
    page.page.locator("#charts .plot").first.hover()
    page.wait_for("#charts .note", "epoch")
    assert name in page.text("#charts .legend")
    assert 0 == page.page.locator("img").count()
    assert [] == page.said


@pytest.mark.parametrize("evil", ["</script><script>x()</script>", "</SCRIPT >", "<!--<script>", "]]>", "\u2028"])
def test_06_metadata_cannot_end_its_script(dashboard, tmp_path, evil):
    """Settings of the run, in the served page as in the saved one."""
    with Monitor(1, sinks=[], probes=[]) as monitor:
        monitor.watch(None, note=evil)
        monitor.log(0, 0.1, {"loss": 1.0})
        with monitor._outbox.settled() as history:
            dashboard.begin(history.copy())
        saved = monitor.save_html(tmp_path / "run.html").read_text(encoding="utf-8")
    for page in (dashboard.page(), saved):
        assert 3 == page.lower().count("<script")
        assert evil == data_of(page)["about"]["settings"]["note"]


def test_07_nobody_else_reads_it(dashboard, reader_at):
    """Its own machine alone; no other page, no other name for this machine, nothing without a token."""
    with pytest.raises(MonitorError, match="can be read by everyone"):
        Dashboard(port=0, host="0.0.0.0")
    reader = reader_at(dashboard.url)
    assert None is reader.get().getheader("access-control-allow-origin")
    assert 421 == reader.get(Host="evil.example").status
    assert 403 == reader.get(Origin="http://evil.example").status
    assert "127.0.0.1" == dashboard._server._listener.getsockname()[0]


def test_08_no_epoch_falls_between_page_and_stream(dashboard, reader_at, record):
    """What is logged after the page was made and before it listens is in the stream; the next run is another."""
    reader = reader_at(dashboard.url)
    dashboard.emit(record(1, metrics={"loss": 1.0}))
    live = reader.page()["live"]
    dashboard.emit(record(2, metrics={"loss": 1.0}))
    number, event = next(reader.events(live["run"], live["after"]))
    assert (2, 2) == (number, event["epoch"])
    assert [(None, "anew")] == list(reader.events("another", live["after"]))


def test_09_a_resumed_run_knows_what_is_left():
    """At 50 of 100 with epochs of 49 s: 2,450 s, not the 48 s that the clock since the start would say."""
    with Monitor(100, sinks=[], probes=[]) as first:
        for epoch in range(50):
            first.log(epoch, 49.0, {"loss": 1.0})
    seen = []
    sink = type("Sink", (), {"emit": lambda self, record: seen.append(record.eta), "close": lambda self: None})()
    with Monitor(100, sinks=[sink], probes=[]) as second:
        second.load_state_dict(first.state_dict())
        second.log(50, 49.0, {"loss": 1.0})
    assert [49 * 49.0] == seen


def test_10_names_and_numbers_are_what_they_were(tmp_path):
    """A quote in a name, a rate of 3e-9, a NaN: in log, page and table."""
    path = tmp_path / "run.jsonl"
    with Monitor(1, sinks=[Jsonl(path)], probes=[]) as monitor:
        monitor.log(0, 0.1, {'say "hi"\\': 1.0, "lr": 3e-9, "loss": math.nan})
        page = monitor.save_html(tmp_path / "run.html").read_text(encoding="utf-8")
    (record,) = read_event_log(path)
    assert ['say "hi"\\', "lr", "loss"] == list(record.metrics)
    curves = history_in(page).metrics
    assert 3e-9 == record.metrics["lr"] == pytest.approx(curves["lr"].values[0], rel=1e-7)
    assert math.isnan(record.metrics["loss"])
    assert math.isnan(curves["loss"].values[0])


def test_11_the_table_has_every_column(tmp_path):
    """Also of a metric that appears later, with its name quoted where it must be."""
    path = tmp_path / "run.csv"
    with Monitor(2, sinks=[Csv(path)], probes=[]) as monitor:
        monitor.log(0, 0.1, {"loss": 1.0})
        monitor.log(1, 0.1, {"a,b": 2.0, "loss": 0.5})
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [("1.0", ""), ("0.5", "2.0")] == [(row["loss"], row["a,b"]) for row in rows]


def test_12_columns_keep_their_order(record, dashboard):
    """That of their recording, whatever the names, in every run."""
    names = [f"{chr(122 - place)}.metric{place}" for place in range(20)]
    dashboard.emit(record(1, metrics=dict.fromkeys(names, 1.0)))
    assert names == [curve["name"] for curve in data_of(dashboard.page())["curves"] if curve["kind"] == "metric"]


def test_13_a_long_run_stays_small(tab, dashboard, record):
    """20,000 epochs: at most 2,000 points a curve are sent, the page is quick and shows 20 rows."""
    for epoch in range(1, 20_001):
        dashboard._history.append(record(epoch, total=20_001, metrics={"loss": 1 / epoch, "acc": epoch / 3}))
    page = dashboard.page()
    assert all(len(curve.epochs) <= LIVE for curve in history_in(page).metrics.values())
    shown = tab().open(dashboard.url)
    dashboard.emit(record(20_001, total=20_001, metrics={"loss": 0.0, "acc": 1.0}))
    shown.wait_for("#state", "complete: epoch 20001 of 20001, 2 h 47 min")
    assert 20 == shown.page.locator("#epochs tbody tr").count()
    assert shown.page.evaluate("document.querySelectorAll('*').length") < 600


def test_14_the_page_is_there_before_the_end(tmp_path, record):
    """After the first epoch, whole, and replaced at once: what a crash leaves is a page."""
    sink = Html(tmp_path / "run.html")
    sink.emit(record(1, metrics={"loss": 1.0}))
    first = sink.path.read_text(encoding="utf-8")
    assert [1.0] == list(history_in(first).metrics["loss"].values)
    sink._due = time.monotonic()
    inode = sink.path.stat().st_ino
    sink.emit(record(2, metrics={"loss": 2.0}))
    assert [1.0, 2.0] == list(history_in(sink.path.read_text(encoding="utf-8")).metrics["loss"].values)
    assert inode != sink.path.stat().st_ino
    assert ["run.html"] == [each.name for each in tmp_path.iterdir()]
