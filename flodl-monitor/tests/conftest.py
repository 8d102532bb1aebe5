from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from flodl_monitor import EpochRecord

if TYPE_CHECKING:
    import torch


@pytest.fixture
def device() -> torch.device:
    """Where tensors live in this run of the tests."""
    torch = pytest.importorskip("torch")
    return torch.device(os.environ.get("FLODL_TEST_DEVICE", "cpu"))


@pytest.fixture
def record() -> Callable[..., EpochRecord]:
    """A record with little to say."""

    def make(epoch: int = 1, **fields: object) -> EpochRecord:
        return EpochRecord(**{"epoch": epoch, "total": 10, "seconds": 0.5, "time": 0.0, **fields})

    return make


HOSTILE_NAMES = (
    "plain",
    "with space",
    "comma,separated",
    'say "hi"',
    "it's",
    "new\nline",
    "carriage\rreturn",
    "crlf\r\nboth",
    "tab\tstop",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "=cmd|' /C calc'!A0",
    "\u2028line separator",
    "emoji 🔥",
    "ünïcödé",
    "\x1b[2Jcleared",
    "null\0byte",
    "lone\ud800surrogate",
    "{}[]:\\/",
    "epoch",
    "seconds",
    "a" * 5000,
    "",
    " leading and trailing ",
    "#comment",
)
"""Metric names that have broken a file format before."""


@pytest.fixture
def hostile_names() -> tuple[str, ...]:
    """Names that break careless writers."""
    return HOSTILE_NAMES
