"""Sink `dashboard`: the run as a live page in the browser, served from the training process."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from typing import final

from flodl_core.errors import MissingDistribution, MonitorError

from flodl_monitor.about import About
from flodl_monitor.console import write_line
from flodl_monitor.event_log import about_line, epoch_line, finish_line, mark_line, rule_lines
from flodl_monitor.history import History
from flodl_monitor.record import EpochRecord, Mark
from flodl_monitor.serve.feed import Feed
from flodl_monitor.serve.guard import is_loopback
from flodl_monitor.thin import thinned_history
from flodl_monitor.web.page import page_of

_HOST = re.compile(r"\S+")
_TOKEN = re.compile(r"[A-Za-z0-9._~-]{8,}")  # stands in an address and in a cookie as it is

KEPT = 10_000
"""Points of a curve that are kept, five times what a page is sent with. The event log has all."""
PORT = 3000
"""Where the page is looked for; when it is taken, any free port does."""


@final
class Dashboard:
    """A page with live curves at `http://127.0.0.1:3000`, for this machine alone.

    Whoever opens it late sees all that was. It stays as it is in the browser when the run ends.

    Args:
        port: Where to listen; 0: any free port; None: 3000, or any free one.
        host: An address of this machine. Any but its own loopback can be reached by others, and needs a token.
        token: What a reader must know; then the address is `http://host:port/?token=...`.
        title: The page's heading.

    Raises:
        MonitorError: The address cannot be had, or would be open to everyone.
        MissingDistribution: The server's libraries are not installed.
    """

    def __init__(
        self, port: int | None = None, host: str = "127.0.0.1", token: str | None = None, title: str = "training run"
    ) -> None:
        if not _matches(_HOST, host):
            raise MonitorError(f"a dashboard's host is a name or address, got {host!r}", mend='host="127.0.0.1"')
        if not is_loopback(host) and not token:
            raise MonitorError(
                f"a dashboard on {host} can be read by everyone who reaches this machine",
                mend='token="..." to let in who knows it, or leave host out and use `ssh -L 3000:localhost:3000`',
            )
        if token is not None and not _matches(_TOKEN, token):
            raise MonitorError("a token is at least 8 letters, digits and -_.~", mend="secrets.token_urlsafe()")
        try:
            from flodl_monitor.serve.application import application
            from flodl_monitor.serve.server import Server, bound
        except ImportError as error:
            raise MissingDistribution(
                f"a dashboard needs a web server, and {error.name} is not installed",
                mend="pip install 'flodl-monitor[serve]'",
            ) from None
        self._title, self._total, self._ended = title, 0, False
        self._history, self._feed = History(), Feed()
        listener = bound(host, PORT if port is None else port, exactly=port is not None)
        self._server = Server(application(self._feed, self.page, token), listener)
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._server.port}/" + (f"?token={token}" if token else "")
        with suppress(OSError, ValueError):  # stderr is closed: the page is there all the same
            write_line(f"flodl-monitor: dashboard at {self.url}")

    def begin(self, past: History, total: int = 0, *, finished: bool = False) -> None:
        """Show a run that is under way, over, or goes on after a stop; open pages load again.

        Args:
            past: What was logged so far.
            total: Epochs that the run is meant to have, where it is known.
            finished: Whether it has ended.
        """
        with self._feed.lock:
            past.about = past.about or self._history.about
            self._history, self._total, self._ended = _bounded(past), total or self._total, finished
            self._feed.begin_anew()

    def emit(self, record: EpochRecord) -> None:
        """Take one epoch in, and tell all pages."""
        with self._feed.lock:
            self._ended = False
            self._history.cut(record.epoch)
            self._history.append(record)
            self._history = _bounded(self._history)
            self._total = record.total
            for line in (rule_lines(record) + epoch_line(record)).splitlines():
                self._feed.add(line)

    def mark(self, mark: Mark) -> None:
        """Tell all pages what was said of an epoch that is over."""
        with self._feed.lock:
            self._history.mark(mark)
            self._feed.add(mark_line(mark).strip())

    def describe(self, about: About) -> None:
        """Show what the run is of, on all pages."""
        with self._feed.lock:
            self._history.about = about
            self._feed.add(about_line(about).strip())

    def finish(self) -> None:
        """Tell all pages that the run is over."""
        with self._feed.lock:
            if not self._ended:
                self._ended = True
                done = self._history.seconds.epochs
                self._feed.add(finish_line(done[-1] if done else 0, round(time.time(), 3)).strip())

    def close(self) -> None:
        """Tell all pages that the run is over, and stop serving."""
        self.finish()
        self._feed.end()
        self._server.stop()

    def page(self) -> str:
        """The page as things stand."""
        with self._feed.lock:
            live: dict[str, str | int] = {"run": self._feed.run, "after": self._feed.last}
            return page_of(self._history, title=self._title, total=self._total, finished=self._ended, live=live)


def _matches(form: re.Pattern[str], given: object) -> bool:
    return isinstance(given, str) and form.fullmatch(given) is not None


def _bounded(history: History) -> History:
    return thinned_history(history, KEPT // 2) if history.longest > KEPT else history
