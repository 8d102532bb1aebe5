"""What a saved page draws, and what it does not run."""

from __future__ import annotations

import math

from flodl_monitor import Monitor


def test_page_draws_every_group(tab, tmp_path):
    """A chart per path and per unit, a row per metric with its extremes; not a word on the console."""
    with Monitor(20, sinks=[], probes=[]) as monitor:
        for epoch in range(12):
            metrics = {"encoder.scan.loss": 1 / (epoch + 1), "loss": math.nan if epoch == 0 else 2.0 + epoch}
            monitor.log(epoch, 0.5, {**metrics, **({"val.loss": 3.0} if epoch % 5 == 4 else {})})
    page = tab(viewport={"width": 1300, "height": 2600}).open(monitor.save_html(tmp_path / "run.html", title="digits"))
    page.page.wait_for_function("() => document.querySelectorAll('canvas').length === 4")
    assert ["encoder.scan", "loss", "val", "Seconds per epoch"] == page.page.locator(".chart h3").all_inner_texts()
    assert "stopped: epoch 12 of 20, 6.0 s of training" == page.text("#state")
    rows = [row.locator("th, td").all_inner_texts() for row in page.page.locator("#summary tbody tr").all()]
    assert ["encoder.scan.loss", "0.0833", "0.0833 (epoch 12)", "1.0000 (epoch 1)", "12", ""] == rows[0]
    assert ["loss", "13.0000", "3.0000 (epoch 2)", "13.0000 (epoch 12)", "12", "1"] == rows[1]
    assert ["val.loss", "3.0000", "3.0000 (epoch 5)", "3.0000 (epoch 5)", "2", ""] == rows[2]
    assert [] == page.said


def test_page_runs_no_names(tab, tmp_path, hostile_names):
    """Script in a title or a metric's name stays text: no element is made of it, and nothing of it runs."""
    evil = "document.body.textContent='PWNED'"
    names = [
        *hostile_names,
        f"<img src=x onerror={evil}>",
        f"<svg onload={evil}>.loss",
        f"</script><script>{evil}</script>",
    ]
    with Monitor(1, sinks=[], probes=[]) as monitor:
        monitor.log(0, 0.5, dict.fromkeys(names, 1.0))
    page = tab().open(monitor.save_html(tmp_path / "run.html", title=names[-1]))
    assert names[-1] == page.text("h1")
    assert 0 == page.page.locator("img, svg").count()
    assert 3 == page.page.locator("script").count()
    assert [] == page.said


def test_page_of_nothing(tab, tmp_path):
    """A run without an epoch is an empty page, not an error."""
    with Monitor(5, sinks=[], probes=[]) as monitor:
        page = tab().open(monitor.save_html(tmp_path / "run.html"))
    assert "epoch 0 of 5" in page.text("#state")
    assert [] == page.said
