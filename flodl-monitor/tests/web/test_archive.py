"""A saved page in a real browser, from disk: the numbers of the run, no request, nothing on the console."""

from __future__ import annotations

import csv
import io

import pytest
from flodl_core.errors import MonitorError
from flodl_monitor import Monitor, plot_html


@pytest.fixture
def archive(tmp_path):
    """A run with all that a page can show."""
    drawing = '<svg class="flodl-graph" viewBox="0 0 90 40"><g class="node" data-path="encoder"><title>encoder</title>'
    drawing += '<rect class="outline" x="5" y="5" width="80" height="30"/>'
    drawing += '<text class="title" x="10" y="20">encoder</text></g></svg>'
    model = type("Model", (), {"label": "digits", "svg": lambda self: drawing})()
    with Monitor(30, sinks=[], probes=[]) as monitor:
        monitor.watch(model, lr=0.01, optimizer="adamw")
        for epoch in range(24):
            if epoch == 11:
                monitor.mark("lr 0.01 to 0.001")
            monitor.log(epoch, 0.5, {"loss": 1 / (epoch + 1), "encoder.loss": 2 / (epoch + 1), "head.acc": epoch / 24})
        yield monitor.save_html(tmp_path / "run.html", title="digits")


def test_it_holds_the_run_and_asks_for_nothing(tab, archive):
    """One request, for the file itself; every value to seven digits."""
    page = tab().open(archive)
    rows = list(csv.DictReader(io.StringIO(page.data())))
    assert pytest.approx([1 / epoch for epoch in range(1, 25)], rel=6e-7) == [float(row["loss"]) for row in rows]
    assert "stopped" not in page.text("#state")
    assert "running when this was written: epoch 24 of 30" in page.text("#state")
    assert [archive.as_uri()] == [url for url in page.asked if not url.startswith("blob:")]
    assert [] == page.said


def test_it_shows_what_the_run_was_of(tab, archive):
    """Drawing, settings, environment, marks; a click on a part leaves that part's metrics."""
    page = tab().open(archive)
    assert "Model: digits" == page.text("#model-heading")
    assert "adamw" in page.text("#facts")
    assert "Python" in page.text("#facts")
    assert "lr 0.01 to 0.001" in page.text("#happened")
    page.page.locator("#drawing g[data-path=encoder] text").click()
    assert ["encoder"] == page.page.locator("#charts .chart h3").all_inner_texts()
    assert 1 == page.page.locator("#drawing .chosen").count()
    page.page.get_by_role("button", name="Show all").click()
    assert 3 == page.page.locator("#charts .chart h3").count()
    assert not page.page.locator("#heat").is_visible()


def test_both_themes(tab, archive):
    """As the system says; the button turns it, charts and all, and the next page remembers."""
    dark, light = tab(color_scheme="dark").open(archive), tab(color_scheme="light").open(archive)
    papers = [page.page.evaluate("getComputedStyle(document.body).backgroundColor") for page in (dark, light)]
    assert ["rgb(14, 18, 24)", "rgb(244, 246, 249)"] == papers
    before = light.pixels()
    light.page.click("#theme")
    assert "dark" == light.page.evaluate("document.documentElement.dataset.theme")
    assert before != light.pixels()


def test_by_keyboard(tab, archive):
    """The first stop leads past the menu; controls are reached in order and say what they are."""
    page = tab().open(archive)
    names = []
    for _ in range(9):
        page.page.keyboard.press("Tab")
        names.append(page.page.evaluate("(e => e.id || e.textContent || e.ariaLabel)(document.activeElement)"))
    controls = ["find", "smoothing", "log", "from", "to", "save", "theme"]
    assert ["Skip to the curves", *controls, "Show all metrics"] == names
    outline = page.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert "solid" == outline


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(tab, archive, axe, scheme):
    """The whole page in either theme: names, contrast, landmarks, order of headings, reach by keyboard."""
    assert [] == tab(color_scheme=scheme, bypass_csp=True).open(archive).faults(axe)


def test_curves_without_a_run(tab, tmp_path):
    """Lists of numbers as a page: charts and table, no talk of epochs to come. What is no number is an error."""
    curves = {"loss": [3.0, 2.0, 1.0], "encoder.seconds": (0.5, 0.25)}
    page = tab().open(plot_html(tmp_path / "curves.html", curves, title="Timing"))
    assert ["loss", "encoder"] == page.page.locator("#charts .chart h3").all_inner_texts()
    assert "1.0000 (epoch 3)" in page.text("#summary")
    assert not page.page.locator("#state").is_visible()
    assert not page.page.locator("#epochs-section").is_visible()
    rows = list(csv.DictReader(io.StringIO(page.data())))
    assert [("3", "0.5"), ("2", "0.25"), ("1", "")] == [(row["loss"], row["encoder.seconds"]) for row in rows]
    assert [] == page.said
    with pytest.raises(MonitorError):
        plot_html(tmp_path / "curves.html", {"loss": ["high"]})
