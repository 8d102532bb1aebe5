"""A real browser for the page: playwright drives it, Chromium shows it, axe looks at it.

Where they are missing, tests are skipped and say in one line how to get them. `FLODL_TEST_BROWSER=required` makes them
fail instead; `FLODL_TEST_BROWSER=none` leaves them out though a browser is here. `FLODL_TEST_CHROMIUM` names a program.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

WANTED = os.environ.get("FLODL_TEST_BROWSER", "")
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
LIBRARIES = "pip install playwright axe-playwright-python"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")


@pytest.fixture(scope="module")  # playwright runs once at a time, and other folders have browsers too
def chromium() -> Iterator[Any]:
    """One browser for the tests of a file."""
    if WANTED == "none":
        pytest.skip("browser tests are switched off here: FLODL_TEST_BROWSER=none")
    program = os.environ.get("FLODL_TEST_CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        _without("no Chromium here: apt-get install chromium, or FLODL_TEST_CHROMIUM=path")
    try:
        playwright = import_module("playwright.sync_api")
    except ImportError:
        _without(f"no playwright here: {LIBRARIES}")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The checks of axe-core for accessibility, as the script that runs them."""
    try:
        return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    except ImportError:
        _without(f"no axe-core here: {LIBRARIES}")


def _without(what: str) -> None:
    if WANTED == "required":
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


class Tab:
    """A page in a browser, with what it asked the network for and what it said on the console."""

    def __init__(self, page: Any) -> None:
        self.page, self.said, self.asked = page, [], []
        page.set_default_timeout(60_000)
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))

    def open(self, where: str | Path) -> Tab:
        """Go there."""
        self.page.goto(where.as_uri() if isinstance(where, Path) else where)
        return self

    def text(self, selector: str) -> str:
        """What stands there."""
        return str(self.page.inner_text(selector))

    def wait_for(self, selector: str, words: str) -> None:
        """Until it says so."""
        self.page.wait_for_function(
            "([selector, words]) => document.querySelector(selector).textContent.includes(words)", arg=[selector, words]
        )

    def data(self) -> str:
        """Every number that the page holds, as its own button saves them."""
        with self.page.expect_download() as download:
            self.page.click("#save")
        return Path(download.value.path()).read_text(encoding="utf-8")

    def pixels(self, place: int = 0) -> str:
        """What a chart looks like."""
        return str(self.page.evaluate("place => document.querySelectorAll('canvas')[place].toDataURL()", place))

    def faults(self, axe: str) -> list[Any]:
        """What axe finds wrong: rule, weight, where. The tab needs `bypass_csp=True`, or axe could not run."""
        self.page.evaluate(axe)
        found = self.page.evaluate("axe.run()")["violations"]
        return [(one["id"], one["impact"], [node["target"] for node in one["nodes"]]) for one in found]


@pytest.fixture
def tab(chromium: Any) -> Iterator[Callable[..., Tab]]:
    """Makes tabs of one window; options are the window's."""
    contexts = []

    def make(**options: Any) -> Tab:
        if options or not contexts:
            contexts.append(chromium.new_context(**{"viewport": {"width": 1300, "height": 1000}, **options}))
        return Tab(contexts[-1].new_page())

    yield make
    for context in contexts:
        context.close()
