"""The page in a real browser, from disk. Needs Chromium: `apt-get install chromium`, or name one in FLODL_CHROMIUM."""

from __future__ import annotations

import math
import os
import shutil
import subprocess

import pytest
from flodl_monitor import Monitor

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--window-size=1300,1400",
    "--virtual-time-budget=3000",
)


@pytest.fixture
def browse(tmp_path):
    """Opens a file and gives the document after its scripts ran, and what the console said."""
    chromium = os.environ.get("FLODL_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium here: apt-get install chromium, or set FLODL_CHROMIUM")

    def open_(path):
        command = [chromium, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", path.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]

    return open_


def test_page_draws_every_group(browse, tmp_path):
    """A chart per path and per unit, a row per metric with its extremes; not a word on the console."""
    with Monitor(20, sinks=[], probes=[]) as monitor:
        for epoch in range(12):
            metrics = {"encoder.scan.loss": 1 / (epoch + 1), "loss": math.nan if epoch == 0 else 2.0 + epoch}
            monitor.log(epoch, 0.5, {**metrics, **({"val.loss": 3.0} if epoch % 5 == 4 else {})})
    document, console = browse(monitor.save_html(tmp_path / "run.html", title="digits"))
    assert [] == console
    assert 4 == document.count("<canvas")
    for heading in ("encoder.scan", "loss", "val", "Seconds per epoch"):
        assert f"<h3>{heading}</h3>" in document
    assert "stopped: epoch 12 of 20, 6.0 s of training" in document
    assert "<td>0.0833</td><td>0.0833 (epoch 12)</td><td>1.0000 (epoch 1)</td><td>12</td><td></td>" in document
    assert "<td>13.0000</td><td>3.0000 (epoch 2)</td><td>13.0000 (epoch 12)</td><td>12</td><td>1</td>" in document
    assert "<td>3.0000</td><td>3.0000 (epoch 5)</td><td>3.0000 (epoch 5)</td><td>2</td><td></td>" in document


def test_page_runs_no_names(browse, tmp_path, hostile_names):
    """Script in a title or a metric's name stays text: no element is made of it, and nothing of it runs."""
    run = "document.body.textContent='PWNED'"
    names = [
        *hostile_names,
        f"<img src=x onerror={run}>",
        f"<svg onload={run}>.loss",
        f"</script><script>{run}</script>",
    ]
    with Monitor(1, sinks=[], probes=[]) as monitor:
        monitor.log(0, 0.5, dict.fromkeys(names, 1.0))
    document, console = browse(monitor.save_html(tmp_path / "run.html", title=names[-1]))
    assert [] == console
    assert "<img" not in document
    assert "<svg" not in document
    assert 3 == document.count("<script")
    assert "<h1>&lt;/script&gt;" in document


def test_page_of_nothing(browse, tmp_path):
    """A run without an epoch is an empty page, not an error."""
    with Monitor(5, sinks=[], probes=[]) as monitor:
        path = monitor.save_html(tmp_path / "run.html")
    document, console = browse(path)
    assert [] == console
    assert "epoch 0 of 5" in document
