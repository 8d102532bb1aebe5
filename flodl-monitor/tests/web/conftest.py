"""A real browser for the page: playwright drives it, Chromium shows it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One browser for all tests."""
    reason = "no playwright here: pip install playwright, and apt-get install chromium or set FLODL_CHROMIUM"
    playwright = pytest.importorskip("playwright.sync_api", reason=reason)
    program = os.environ.get("FLODL_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium here: apt-get install chromium, or set FLODL_CHROMIUM")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


class Tab:
    """A page in a browser, with what it asked the network for and what it said on the console."""

    def __init__(self, page: Any) -> None:
        self.page, self.said, self.asked = page, [], []
        page.set_default_timeout(20_000)
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


@pytest.fixture
def tab(chromium: Any) -> Iterator[Callable[..., Tab]]:
    """Makes tabs of one window; options are the window's."""
    contexts = []

    def make(**options: Any) -> Tab:
        if options or not contexts:
            contexts.append(chromium.new_context(viewport={"width": 1300, "height": 1000}, **options))
        return Tab(contexts[-1].new_page())

    yield make
    for context in contexts:
        context.close()
