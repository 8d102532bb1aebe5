"""A training run from its first epoch to its archive, as somebody sees it who has its page open."""

from __future__ import annotations

import csv
import io
import subprocess
import sys

import pytest
from flodl_monitor import read_event_log

EPOCHS = 24


def rows_of(tab) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(tab.data())))


def test_a_run_is_watched_from_beginning_to_end(start, tab, tmp_path):
    """Curves move; three tabs, opened early, late and in between, hold the log's numbers; the archive from disk too."""
    training = start(tmp_path, EPOCHS, halts=(3, 10, 20))
    early = tab().open(training.url)
    early.wait_for("#state", "running: epoch 3 of")
    before = early.pixels()
    training.go_on(3)
    early.page.wait_for_function("before => document.querySelector('canvas').toDataURL() !== before", arg=before)
    middle = tab().open(training.url)
    training.go_on(10)
    middle.wait_for("#state", "running: epoch 20 of")
    late = tab().open(training.url)
    training.go_on(20)
    tabs = early, middle, late
    for each in tabs:
        each.wait_for("#link", "The run is over")
    assert 0 == training.end()
    done = [sys.executable, "-m", "flodl_cli", "watch", str(tmp_path), "--html", str(tmp_path / "page.html")]
    subprocess.run(done, check=True, capture_output=True)
    archive = tab().open(tmp_path / "page.html")
    for each in (*tabs, archive):
        assert f"complete: epoch {EPOCHS} of {EPOCHS}" in each.text("#state")
        assert each.data() == early.data()
        assert each.text("#happened") == early.text("#happened")
        assert [] == each.said
    logged = read_event_log(tmp_path / "run.jsonl")
    assert [record.epoch for record in logged] == [int(row["epoch"]) for row in rows_of(late)]
    for name in ("loss", "val_loss", "val_accuracy", "encoder.scan.size"):
        expected = [record.metrics[name] for record in logged]
        assert pytest.approx(expected, rel=1e-6) == [float(row[name]) for row in rows_of(late)]
    assert all(url.split("?")[0] in (training.url, f"{training.url}events") or "blob:" in url for url in late.asked)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """A finished run's page."""
    folder = tmp_path_factory.mktemp("run")
    program = [sys.executable, f"{__file__.rsplit('/', 1)[0]}/training.py", str(folder), "25", "0"]
    subprocess.run(program, check=True, capture_output=True)
    page = folder / "page.html"
    watch = [sys.executable, "-m", "flodl_cli", "watch", str(folder), "--html", str(page)]
    subprocess.run(watch, check=True, capture_output=True)
    return page


def test_all_that_happened_is_there(tab, archive):
    """The rule that fired and why, the rate that fell, the newest and the best state; settings, environment, parts."""
    page = tab().open(archive)
    happened = page.text("#happened")
    assert "thaw('encoder.read')" in happened
    assert "trend('loss').stalled(5, tol=0.02)" in happened
    assert "lr 0.01 to 0.003" in happened
    assert "the newest of 25" in happened
    assert happened.count("saved ") in (1, 2)  # the best may be the newest
    assert "best val_loss" in happened
    assert "batch_size\n64" in page.text("#facts")
    assert "PyTorch" in page.text("#facts")
    parts = {cells[0]: cells[1:] for cells in page.page.locator("#parts tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )}  # fmt: skip
    assert ["1,056", "trained"] == parts["encoder.read"]
    assert "1,216" == parts["encoder"][0]
    assert [] == page.said


def test_the_drawing_leads_to_the_metrics(tab, archive):
    """A click on a part of it, or on its name in the table, leaves that part's curves; the profile shows as heat."""
    page = tab().open(archive)
    headings = page.page.locator("#charts .chart h3")
    assert ["loss", "accuracy", "encoder.scan"] == headings.all_inner_texts()
    page.page.locator("#drawing g[data-path='encoder.scan'] > text").first.click()
    assert ["encoder.scan"] == headings.all_inner_texts()
    page.page.get_by_role("button", name="Show all").click()
    page.page.get_by_role("button", name="encoder", exact=True).last.press("Enter")
    assert ["encoder.scan"] == headings.all_inner_texts()
    hot = page.page.locator("#drawing .node[class*='heat-'] > .outline").first
    fill = "element => getComputedStyle(element).fill"
    heated = hot.evaluate(fill)
    page.page.get_by_role("button", name="Time as heat").click()
    assert heated != hot.evaluate(fill)
    assert "ms" in page.text("#drawing")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(tab, archive, axe, scheme):
    """On the whole page of a real run, its drawing included, in either theme."""
    assert [] == tab(color_scheme=scheme, bypass_csp=True).open(archive).faults(axe)


def test_a_killed_run_goes_on_in_the_same_tab(start, tab, tmp_path, port):
    """The page says that the run is gone; started again, the run goes on from its state and the page with it."""
    first = start(tmp_path, EPOCHS, port=port, halts=(6,))
    page = tab().open(first.url)
    page.wait_for("#state", "running: epoch 6 of")
    first.end(kill=True)
    page.wait_for("#link", "lost touch")
    second = start(tmp_path, 12, port=port, halts=(9,))
    page.wait_for("#state", "running: epoch 9 of 12")
    second.go_on(9)
    page.wait_for("#state", "complete: epoch 12 of 12")
    assert 0 == second.end()
    assert [str(epoch) for epoch in range(1, 13)] == [row["epoch"] for row in rows_of(page)]
    assert list(range(1, 13)) == [record.epoch for record in read_event_log(tmp_path / "run.jsonl")]
