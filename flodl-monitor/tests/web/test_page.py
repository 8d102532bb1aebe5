"""The page as text: whole, and without holes for markup."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import random
import re
from array import array
from html.parser import HTMLParser
from importlib.resources import files

import pytest
from flodl_core import MonitorError
from flodl_monitor import Monitor
from flodl_monitor.history import Curve, History
from flodl_monitor.web.page import history_in, page_of


class Outline(HTMLParser):
    """The elements of a page, as a browser would find them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs


def filled(record, epochs: int = 3, names: tuple[str, ...] = ("loss",)) -> History:
    history = History()
    for epoch in range(1, epochs + 1):
        history.append(record(epoch, metrics=dict.fromkeys(names, epoch * 7919 % 1000 / 997)))
    return history


def page(history: History, title: str = "run") -> str:
    return page_of(history, title=title, total=10, finished=False)


def test_page_asks_for_nothing(record):
    """No address to load from; the policy forbids every request and allows this page's own parts by hash."""
    text = page(filled(record))
    outline = Outline(text)
    assert not {"link", "img", "iframe", "object", "base"} & set(outline.tags)
    assert not {"src", "action"} & {name for name, _ in outline.attributes}
    assert ["#charts"] == [value for name, value in outline.attributes if name == "href"]
    policy = next(value for _, value in outline.attributes if value and "default-src" in value)
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag in ("script", "style"):
        for body in re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL):
            assert base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() in policy


def test_page_cannot_be_injected_into(record, hostile_names):
    """Whatever the names and the title: the same elements, and the data reads back."""
    quiet = Outline(page(filled(record)))
    for name in (*hostile_names, "</script>", "<!--", "<script>", "]]>", "&lt;", "$data", "${policy}", "\u2029"):
        name = name.encode("utf-8", "backslashreplace").decode()
        text = page(filled(record, names=(name,)), title=name)
        outline = Outline(text)
        assert quiet.tags == outline.tags
        assert {name} == set(history_in(text).metrics)
        assert name == html.unescape(re.findall("<title>(.*?)</title>", text, re.DOTALL)[0])


def long(epochs: int) -> History:
    """14 noisy curves."""
    history = History()
    history.seconds = Curve(array("q", range(1, epochs + 1)), array("d", [0.5]) * epochs)
    history.times = Curve(history.seconds.epochs[:], array("d", (1.7e9 + epoch / 2 for epoch in range(epochs))))
    for number in range(14):
        chance = random.Random(number)
        values = array("d", (chance.random() for _ in range(epochs)))
        history.metrics[f"part{number // 4}.metric{number}"] = Curve(history.seconds.epochs[:], values)
    return history


@pytest.mark.parametrize(("epochs", "most"), [(0, 200_000), (1000, 300_000), (10_000, 1_000_000), (100_000, 2_000_000)])
def test_page_is_small(epochs, most):
    """Its code in 200 KB; with 14 curves 1,000 epochs in 300 KB, 10,000 in 1 MB, exactly; 100,000 in 2 MB."""
    history = long(epochs)
    text = page(history)
    assert len(text.encode()) <= most
    if epochs <= 10_000:
        assert len(history) == len(history_in(text))


def test_served_page_is_small():
    """100,000 epochs of 14 curves in 500 KB with all its code: at most 2,000 points of each."""
    text = page_of(long(100_000), title="run", total=10, finished=False, live={"run": "a", "after": 0})
    assert len(text.encode()) <= 500_000


def test_vendored_files_are_what_they_were():
    """Byte for byte the published package's, licence beside them."""
    folder = files("flodl_monitor.web") / "vendor" / "uplot"
    listed = json.loads((folder / "vendor.json").read_text())
    assert {"LICENSE", "uPlot.iife.min.js", "uPlot.min.css"} == set(listed["sha256"])
    for name, digest in listed["sha256"].items():
        assert digest == hashlib.sha256((folder / name).read_bytes()).hexdigest()
    assert "MIT License" in (folder / "LICENSE").read_text()


def test_monitor_saves_a_page(tmp_path):
    """At any time, also after the end."""
    with Monitor(3, sinks=[], probes=[]) as monitor:
        monitor.log(0, 0.5, {"loss": 0.5})
        early = monitor.save_html(tmp_path / "early.html").read_text(encoding="utf-8")
        monitor.log(1, 0.5, {"loss": 0.25})
    late = monitor.save_html(tmp_path / "late.html", title="A <fine> run").read_text(encoding="utf-8")
    assert [1] == list(history_in(early).metrics["loss"].epochs)
    assert [0.5, 0.25] == list(history_in(late).metrics["loss"].values)
    assert "<h1>A &lt;fine&gt; run</h1>" in late
    with pytest.raises(MonitorError, match="no ordinary file"):
        monitor.save_html(tmp_path)


def test_a_title_that_is_no_text_of_any_encoding(record):
    """A file's name may be half a letter: it is spelled out."""
    assert "<title>run\\udcff</title>" in page(filled(record), title="run\udcff")
