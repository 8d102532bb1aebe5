"""A dashboard on a free port, and patience."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flodl_monitor.sinks.dashboard import Dashboard


@pytest.fixture
def dashboard() -> Iterator[Dashboard]:
    """One that listens on any free port."""
    dashboard = Dashboard(port=0)
    yield dashboard
    dashboard.close()


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """Waits for what another thread is to bring about."""

    def wait(true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not true():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    return wait


@pytest.fixture
def reader_of(reader_at) -> Callable[[Dashboard], Any]:
    """Makes readers of a dashboard."""
    return lambda dashboard: reader_at(dashboard.url)


@pytest.fixture
def reader(dashboard, reader_of) -> Any:
    """Who reads it."""
    return reader_of(dashboard)
