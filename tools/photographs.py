"""Photograph real runs for the documentation: a terminal, the page of a run, TensorBoard.

Usage: python tools/photographs.py [NAME ...]      (needs playwright, Chromium and, for one, TensorBoard)

Each photograph in docs/pictures is of a run made for it. It differs from run to run, so no test compares it.
"""

from __future__ import annotations

import fcntl
import html
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from projects import ROOT

FOLDER = ROOT / "docs" / "pictures"
COLUMNS = 112
PAPER = """<!doctype html><meta charset="utf-8"><style>
body { margin: 0; background: #14171c } pre { margin: 0; padding: 18px 22px; width: max-content; color: #d6dae0;
font: 14px/1.5 "DejaVu Sans Mono", "Liberation Mono", monospace }
</style><pre></pre>"""


def terminal(browser: Any, here: Path) -> None:
    """`flodl run` in the middle of its sixth epoch."""
    own, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    words = [sys.executable, "-m", "flodl_cli", "run", str(ROOT / "examples" / "digits.toml")]
    with subprocess.Popen(words, cwd=here, stdin=theirs, stdout=theirs, stderr=theirs) as run:
        os.close(theirs)
        text = ""
        while not re.search(r"\r  epoch  6/15  ━{7,}[^\r]*\x1b\[K$", text):
            text += os.read(own, 65536).decode()
        run.kill()
    os.close(own)
    said = text[text.index("\n") + 1 :]  # but for the first line, which names this machine's folder
    lines = ["$ flodl run examples/digits.toml", *map(left_on_screen, said.split("\n"))]
    page = browser.new_page(viewport={"width": 1100, "height": 300}, device_scale_factor=2)
    page.set_content(PAPER.replace("</pre>", html.escape("\n".join(lines)) + "</pre>"))
    page.locator("pre").screenshot(path=FOLDER / "monitor-terminal.png")


def left_on_screen(line: str) -> str:
    """What returns to its beginning leave of a line, each of them followed by a line that wipes the rest."""
    return line.rstrip("\r").replace("\x1b[K", "").rpartition("\r")[2]


def page(browser: Any, here: Path) -> None:
    """The page of the sine's run, from disk."""
    example("sine_wave", here)
    tab = browser.new_page(viewport={"width": 1200, "height": 590}, color_scheme="light")
    tab.goto((here / "sine.html").as_uri())
    tab.wait_for_selector("canvas")
    tab.get_by_label("Logarithmic").check()
    tab.screenshot(path=FOLDER / "monitor-page.png")


def tensorboard(browser: Any, here: Path) -> None:
    """Two runs of the sine, beside each other."""
    program = (
        "import sys; sys.path.insert(0, 'EXAMPLES')\n"
        "import sine_wave as sine, torch; from flodl import Monitor, Sampler, TrainStep, cosine, ref\n"
        "x = torch.linspace(-3.14, 3.14, 200)[:, None]; y = x.sin()\n"
        "for lr in (5e-3, 5e-4):\n"
        "    torch.manual_seed(0); model = sine.network()\n"
        "    step = TrainStep(model, loss='mse', optimizer=ref('adam', lr=lr), schedule=cosine(800))\n"
        "    with Monitor(200, sinks=[ref('tensorboard', folder=f'runs/lr={lr}')]) as monitor:\n"
        "        monitor.watch(step, lr=lr, batch_size=50)\n"
        "        for _ in monitor.epochs(step):\n"
        "            monitor.record('lr', step.lr)\n"
        "            for rows in Sampler(x, 50, seed=0): model.record('loss', step(x[rows], y[rows]))\n"
    ).replace("EXAMPLES", str(ROOT / "examples"))
    subprocess.run([sys.executable, "-c", program], cwd=here, check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "tensorboard.main", "--logdir", "runs", "--port", str(port), "--host", "127.0.0.1"]
    with subprocess.Popen(words, cwd=here, stderr=subprocess.DEVNULL) as server:
        try:
            address = f"http://127.0.0.1:{port}/"
            until(lambda: b"loss" in urllib.request.urlopen(f"{address}data/plugin/scalars/tags").read())
            tab = browser.new_page(viewport={"width": 1200, "height": 640})
            tab.goto(f"{address}?darkMode=false#timeseries")
            tab.wait_for_selector("card-view", timeout=60_000)
            tab.get_by_label("Close side pane").click()
            time.sleep(5)  # it draws when it likes
            tab.screenshot(path=FOLDER / "monitor-tensorboard.png")
        finally:
            server.terminate()


def example(name: str, here: Path) -> None:
    """Run it with the folder it is to write to."""
    subprocess.run([sys.executable, str(ROOT / "examples" / f"{name}.py"), str(here)], check=True)


def until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Ask again and again."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if true():
                return
        except OSError:
            pass
        time.sleep(0.5)
    raise SystemExit("it did not come up")


PHOTOGRAPHS = {"terminal": terminal, "page": page, "tensorboard": tensorboard}


def main(names: list[str]) -> None:
    """Take those that are named, or all."""
    from playwright.sync_api import sync_playwright

    program = os.environ.get("FLODL_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        for name in names or PHOTOGRAPHS:
            with tempfile.TemporaryDirectory() as folder:
                PHOTOGRAPHS[name](browser, Path(folder))
            print(FOLDER / f"monitor-{name}.png")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
