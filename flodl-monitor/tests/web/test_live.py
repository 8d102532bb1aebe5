"""The live page in a real browser, against a run that goes on. Needs playwright and Chromium; see conftest."""

from __future__ import annotations

import csv
import io
import math

import pytest
from flodl_core.rules import Firing
from flodl_monitor import Monitor
from flodl_monitor.about import About, Part
from flodl_monitor.drawing import checked_drawing
from flodl_monitor.record import Mark
from flodl_monitor.sinks.dashboard import Dashboard

pytest.importorskip("uvicorn", reason="the dashboard's server is not installed: pip install 'flodl-monitor[serve]'")


@pytest.fixture
def dashboard():
    made = Dashboard(port=0, title="live run")
    yield made
    made.close()


def emit(dashboard, record, *epochs: int, **fields: object) -> None:
    for epoch in epochs:
        metrics = {"loss": 1 / epoch, "encoder.acc": epoch / 7, **({"val.loss": 2 / epoch} if epoch % 3 == 0 else {})}
        dashboard.emit(record(epoch, total=40, metrics=metrics, resources={"cpu_percent": 12.5}, **fields))


def test_curves_move_while_a_run_goes_on(tab):
    """A real monitor's epochs arrive in an open page: its figures change, its curves are drawn anew, its state ends."""
    with Monitor(12, sinks=[], probes=[]) as monitor:
        monitor.record("loss", 3.0)
        monitor.log(0, 0.1)
        page = tab().open(monitor.serve(port=0))
        page.wait_for("#state", "running: epoch 1 of 12")
        before = page.pixels()
        for epoch in range(1, 7):
            monitor.log(epoch, 0.1, {"loss": 3 / (epoch + 1)})
        page.wait_for("#state", "running: epoch 7 of 12")
        page.page.wait_for_function("before => document.querySelector('canvas').toDataURL() !== before", arg=before)
        assert "0.4286" in page.text("#tiles")
        assert "time left" in page.text("#tiles").lower()
    page.wait_for("#state", "stopped: epoch 7 of 12")
    page.wait_for("#link", "The run is over")
    assert [] == page.said


def test_late_is_as_early_in_every_tab(tab, dashboard, record):
    """Three tabs opened at the beginning, in the middle and at the end hold the same numbers, each epoch once."""
    early = tab().open(dashboard.url)
    emit(dashboard, record, *range(1, 11))
    middle = tab().open(dashboard.url)
    emit(dashboard, record, *range(11, 21))
    late = tab().open(dashboard.url)
    emit(dashboard, record, 21)
    for page in (early, middle, late):
        page.wait_for("#state", "epoch 21 of 40")
    tables = [page.data() for page in (early, middle, late)]
    assert tables[0] == tables[1] == tables[2]
    rows = list(csv.DictReader(io.StringIO(tables[0])))
    assert [str(epoch) for epoch in range(1, 22)] == [row["epoch"] for row in rows]
    assert ["", "", "0.6666667"] == [row["val.loss"] for row in rows[:3]]
    assert [] == early.said + middle.said + late.said


def test_a_page_finds_the_next_server(tab, dashboard, record):
    """When the server is gone the page says so; when another run has its port, it begins anew and holds that alone."""
    emit(dashboard, record, *range(1, 6))
    page = tab().open(dashboard.url)
    page.wait_for("#state", "epoch 5 of 40")
    port = int(dashboard.url.rsplit(":", 1)[1].strip("/"))
    dashboard._server.stop()  # as if the process were killed: no word to the pages
    page.wait_for("#link", "lost touch")
    other = Dashboard(port=port, title="another")
    try:
        emit(other, record, 1, 2)
        page.wait_for("h1", "another")
        page.wait_for("#state", "epoch 2 of 40")
        assert 3 == len(page.data().splitlines())
        assert "" == page.text("#link")
    finally:
        other.close()


def test_epochs_run_again_replace_themselves(tab, dashboard, record):
    """In the open page as in one loaded later; marks of what is undone go too."""
    page = tab().open(dashboard.url)
    emit(dashboard, record, 1, 2, marks=("saved",))
    emit(dashboard, record, 3, 4, marks=("gone",))
    page.wait_for("#state", "epoch 4 of 40, 2.0 s")
    emit(dashboard, record, 3)
    page.wait_for("#state", "epoch 3 of 40, 1.5 s")
    late = tab().open(dashboard.url)
    assert page.data() == late.data()
    page.wait_for("#place", "1 to 3 of 3")
    assert ["2", "1"] == page.page.locator("#happened tbody th").all_inner_texts()


def test_what_rules_did_is_on_the_page(tab, dashboard, record):
    """As a mark, and in words with its reason; live as in a page loaded later."""
    page = tab().open(dashboard.url)
    firing = Firing(
        epoch=2, condition="trend('loss').stalled(3)", actions=("thaw('encoder')",), windows={"loss": [1.0]}
    )
    emit(dashboard, record, 1)
    emit(dashboard, record, 2, fired=(firing,))
    page.wait_for("#happened", "thaw('encoder')")
    assert page.text("#happened") == tab().open(dashboard.url).text("#happened")
    assert "trend('loss').stalled(3)" in page.text("#happened")


def test_checkpoints_are_marked(tab, dashboard, record):
    """On the epoch that they are of, though they come after it; listed are the newest and the best."""
    page = tab().open(dashboard.url)
    for epoch in range(1, 5):
        emit(dashboard, record, epoch)
        dashboard.mark(Mark(epoch, f"saved states/{epoch}{', best loss' if epoch == 2 else ''}"))
    page.wait_for("#happened", "the newest of 4")
    late = tab().open(dashboard.url)
    rows = [["4", "saved states/4", "the newest of 4"], ["2", "saved states/2, best loss", ""]]
    for each in (page, late):
        cells = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
        assert rows == each.page.locator("#happened tbody tr").evaluate_all(cells)
    before = late.pixels()
    dashboard.mark(Mark(3, "began to augment"))
    late.wait_for("#happened", "began to augment")
    late.page.wait_for_function("before => document.querySelector('canvas').toDataURL() !== before", arg=before)


SAFE = "img, iframe, object, embed, link, base, form:not(#controls), math, style ~ style ~ style, svg a, svg script"
EVIL = "window.PWNED=document.body.textContent='PWNED'"


def hostile(names: tuple[str, ...]) -> list[str]:
    """At least forty, as any language can hold them, with something to run."""
    found = [name.replace("PWN", EVIL).encode("utf-8", "backslashreplace").decode() for name in names]
    assert len(found) >= 40
    return [*found, f"<img src=x onerror={EVIL}>", f"a.<svg onload={EVIL}>.b"]


def everywhere(names: list[str]) -> tuple[About, dict[str, object]]:
    """Each of them in every string that can reach the page: what a run is of, and what an epoch brings."""
    shape = ["g", {"class": "node", "data-path": names[-1], "onclick": EVIL, "aria-label": names[-2]}, []]
    words = [["text", {"x": "1", "y": "9"}, [name]] for name in names] + [["title", {}, [name]] for name in names]
    about = About(
        title=names[-1],
        settings={name: name for name in names},
        environment={name: name for name in names},
        parts=tuple(Part(name, 7) for name in names),
        drawing=checked_drawing(
            ["svg", {"viewBox": "0 0 9 9", "onload": EVIL}, [shape, *words, ["script", {}, [EVIL]]]]
        ),
    )
    fired = tuple(Firing(epoch=1, condition=name, actions=(name,), windows={name: [1.0]}) for name in names)
    numbers = dict.fromkeys(names, 1.0)
    marks = (*names, *(f"saved {name}" for name in names))
    return about, {"metrics": numbers, "resources": numbers, "fired": fired, "marks": marks}


@pytest.mark.parametrize("how", ["live", "loaded", "saved"])
def test_no_string_can_run(tab, record, hostile_names, how, tmp_path):
    """Over forty hostile ones in names, words, settings, drawing and title, by event, by page, from disk: text, all."""
    names = hostile(hostile_names)
    about, fields = everywhere(names)
    dashboard = Dashboard(port=0, title=names[-2])
    try:
        page = tab().open(dashboard.url) if how == "live" else tab()
        dashboard.describe(about)
        dashboard.emit(record(1, **fields))
        if how == "loaded":
            page.open(dashboard.url)
        if how == "saved":
            (tmp_path / "run.html").write_text(dashboard.page().replace('"live":', '"was":'), encoding="utf-8")
            page.open(tmp_path / "run.html")
        page.wait_for("#state", "epoch 1 of 10")
        page.wait_for("#happened", "onerror")
        page.page.locator("#charts .plot").first.hover()
        page.page.wait_for_timeout(300)
        assert 0 == page.page.locator(SAFE).count()
        assert 3 == page.page.locator("script").count()
        handlers = (
            "[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()).filter(n => n.startsWith('on'))"
        )
        assert [] == page.page.evaluate(f"() => {handlers}")
        assert page.page.evaluate("() => window.PWNED") is None
        assert names[-2] == page.text("h1")
        assert (
            dict.fromkeys(names, "1.0000").items()
            <= dict(
                page.page.locator("#summary tbody tr").evaluate_all(
                    "rows => rows.map(row => [row.cells[0].textContent, row.cells[1].textContent])"
                )
            ).items()
        )
        assert [] == page.said
        home = f"127.0.0.1:{dashboard._server.port}/"
        assert all(home in url or url.startswith("file:") for url in page.asked)
    finally:
        dashboard.close()


def test_the_menu_filters_and_hides(tab, dashboard, record):
    """A click on a path leaves its charts; a tick hides a curve and says so; a second click shows all again."""
    emit(dashboard, record, *range(1, 10))
    page = tab().open(dashboard.url)
    charts = page.page.locator("#charts .chart h3")
    assert ["loss", "encoder", "val"] == charts.all_inner_texts()
    path = page.page.get_by_role("button", name="encoder", exact=True)
    path.click()
    assert ["encoder"] == charts.all_inner_texts()
    assert "true" == path.get_attribute("aria-pressed")
    assert "Only encoder" in page.text("#scope")
    path.press("Enter")
    page.page.wait_for_function("() => document.querySelectorAll('#charts canvas').length === 3")
    before = page.pixels()
    page.page.get_by_label("Show loss", exact=True).uncheck()
    assert "false" == page.page.locator("#charts .legend button").first.get_attribute("aria-pressed")
    assert before != page.pixels()
    page.page.get_by_label("Show all metrics").check()
    assert before == page.pixels()


def test_zoom_smoothing_and_scale(tab, dashboard, record):
    """By dragging or by numbers; live epochs leave a zoomed range where it is."""
    emit(dashboard, record, *range(1, 31))
    page = tab().open(dashboard.url)
    whole = page.pixels()
    box = page.page.locator("#charts .plot .u-over").first.bounding_box()
    page.page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 50)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 50, steps=4)
    page.page.mouse.up()
    assert ("8", "23") == (page.page.input_value("#from"), page.page.input_value("#to"))
    emit(dashboard, record, 31)
    page.wait_for("#state", "epoch 31")
    assert "8" == page.page.input_value("#from")
    page.page.click("#whole")
    assert "" == page.page.input_value("#from")
    page.page.check("#log")
    log = page.pixels()
    assert log != whole
    page.page.fill("#smoothing", "0.9")
    assert log != page.pixels()


def test_the_crosshair_reads_values(tab, dashboard, record):
    """Of every chart at once, at the epoch under the pointer; of a sparse one at its nearest, which is named."""
    emit(dashboard, record, *range(1, 11))
    page = tab().open(dashboard.url)
    box = page.page.locator("#charts .plot .u-over").first.bounding_box()
    page.page.mouse.move(box["x"] + box["width"] * 3 / 9, box["y"] + 40)
    page.wait_for("#charts .note", "epoch 4")
    values = page.page.locator("#charts .legend b").all_inner_texts()
    assert ["0.2500", "0.5714", "0.6667"] == values
    assert ["epoch 4", "epoch 4", "epoch 3"] == page.page.locator("#charts .note").all_inner_texts()


def test_the_crosshair_of_a_long_run_reads_every_curve(tab, dashboard, record):
    """Though each has kept epochs of its own: all have a value, and none stays behind when a further epoch comes."""
    for epoch in range(1, 9_000):
        waves = {name: math.sin(epoch * step) for name, step in (("loss", 0.7), ("val_loss", 1.1), ("test_loss", 1.3))}
        dashboard._history.append(record(epoch, total=9_001, metrics=waves))
    page = tab().open(dashboard.url)
    box = page.page.locator("#charts .plot .u-over").first.bounding_box()
    page.page.mouse.move(box["x"] + box["width"] / 3, box["y"] + 40)
    page.wait_for("#charts .note", "epoch ")
    read = "() => [...document.querySelectorAll('#charts .legend b')].map((one) => one.textContent)"
    values = page.page.evaluate(read)
    assert 3 == len([float(value) for value in values])
    dashboard.emit(record(9_000, total=9_001, metrics={"loss": 7.0, "val_loss": 8.0, "test_loss": 9.0}))
    page.wait_for("#state", "epoch 9000")
    page.page.wait_for_timeout(400)
    assert values == page.page.evaluate(read)
    page.page.mouse.move(2, 2)
    page.page.wait_for_function(f"({read})()[0] === '7.0000'")


def test_a_long_curve_that_grew_is_as_one_drawn_at_once(tab, dashboard, record):
    """Though an open page goes on from what it drew before; a curve with gaps, and epochs that are run again, too."""

    def grow(*epochs: int) -> None:
        for epoch in epochs:
            sparse = {"val_loss": math.cos(epoch * 0.3)} if epoch % 7 == 0 else {}
            dashboard.emit(record(epoch, total=2_000, metrics={"loss": math.sin(epoch * 0.7), **sparse}))

    grow(*range(1, 1_201))
    page = tab().open(dashboard.url)
    page.page.wait_for_selector("canvas")
    for first, last in ((1_201, 1_300), (1_301, 1_301), (1_302, 1_450), (1_400, 1_477)):
        grow(*range(first, last + 1))
        page.wait_for("#state", f"epoch {last} of")
        page.page.wait_for_timeout(400)
    late = tab().open(dashboard.url)
    late.page.wait_for_selector("canvas")
    late.page.wait_for_timeout(400)
    assert late.pixels() == page.pixels()


def test_what_stays_the_same_is_left_alone(tab, dashboard, record):
    """What a reader has marked in a table stays marked while its numbers change; the tab counts percents."""
    emit(dashboard, record, *range(1, 22))
    page = tab().open(dashboard.url)
    page.wait_for("#place", "2 to 21 of 21")
    assert "52% live run" == page.page.title()
    cells = "document.querySelector('#epochs tbody th'), document.querySelector('#tiles dd')"
    page.page.evaluate(f"() => {{ window.before = [{cells}]; }}")
    emit(dashboard, record, 22)
    page.wait_for("#place", "3 to 22 of 22")
    assert page.page.evaluate(f"() => [{cells}].every((one, place) => one === window.before[place])")
    assert "55% live run" == page.page.title()


def test_the_page_does_not_grow(tab, dashboard, record):
    """After 40 epochs and after 400 the document has as many elements, and the table its newest 20 rows."""
    page = tab().open(dashboard.url)
    emit(dashboard, record, *range(1, 41))
    page.wait_for("#place", "21 to 40 of 40")
    count = page.page.evaluate("document.querySelectorAll('*').length")
    emit(dashboard, record, *range(41, 401))
    page.wait_for("#place", "381 to 400 of 400")
    assert count == page.page.evaluate("document.querySelectorAll('*').length")
    page.page.click("#older")
    page.wait_for("#place", "361 to 380 of 400")
    assert "380" == page.page.locator("#epochs tbody th").first.inner_text()
