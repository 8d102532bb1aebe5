"""Numbers, times and sizes as people read them."""

from __future__ import annotations

import pytest
from flodl_monitor.formats import format_bytes, format_metric, format_seconds, format_share

GIB = 1024**3


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0ms"),
        (0.0004, "0.4ms"),
        (0.001, "1ms"),
        (0.0249, "24ms"),
        (0.042, "42ms"),
        (0.9999, "999ms"),
        (1.0, "1.0s"),
        (1.29, "1.2s"),
        (1.5, "1.5s"),
        (9.99, "9.9s"),
        (12.0, "12s"),
        (59.99, "59s"),
        (60.0, "1m 00s"),
        (65.0, "1m 05s"),
        (272.0, "4m 32s"),
        (3599.9, "59m 59s"),
        (3600.0, "1h 00m"),
        (11_525.0, "3h 12m"),
        (360_000.0, "100h 00m"),
        (-1.0, "-"),
        (float("nan"), "-"),
        (float("inf"), "-"),
    ],
)
def test_format_seconds(seconds, text):
    """floDl's durations: cut off, never rounded up into a unit that does not exist."""
    assert text == format_seconds(seconds)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (0.0023, "0.0023"),
        (0.001, "0.0010"),
        (0.000999, "9.99e-4"),
        (3e-9, "3.00e-9"),
        (-3e-9, "-3.00e-9"),
        (0.1234, "0.1234"),
        (99.99, "99.9900"),
        (100.0, "100.00"),
        (-1234.567, "-1234.57"),
        (6.02e23, "6.02e23"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
    ],
)
def test_format_metric(value, text):
    """floDl's metrics; a learning rate of 3e-9 is not 0.0000, and a huge number not a page of digits."""
    assert text == format_metric(value)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (2048, "2 KB"),
        (300 * 1024**2, "300 MB"),
        (6 * GIB, "6.0 GB"),
        (0.5 * GIB, "512 MB"),
    ],
)
def test_format_bytes(size, text):
    """Base 1024; gigabytes with one decimal."""
    assert text == format_bytes(size)


def test_format_share_uses_the_unit_of_the_whole():
    """Two numbers that can be compared at a glance."""
    assert "2.1/6.0 GB" == format_share(2.1 * GIB, 6 * GIB)
    assert "0.1/6.0 GB" == format_share(0.1 * GIB, 6 * GIB)
    assert "100/512 MB" == format_share(100 * 1024**2, 512 * 1024**2)
