"""Numbers as people read them on a terminal: floDl's formats."""

from __future__ import annotations

import math

_UNITS = (("GB", 1024**3, 1), ("MB", 1024**2, 0), ("KB", 1024, 0), ("B", 1, 0))


def format_seconds(seconds: float) -> str:
    """A duration in two figures or so, cut off and never rounded up (no "60s", no "1000ms").

    >>> [format_seconds(s) for s in (0.0004, 0.042, 1.29, 12.9, 65, 11_525, -1)]
    ['0.4ms', '42ms', '1.2s', '12s', '1m 05s', '3h 12m', '-']
    """
    if not 0.0 <= seconds < math.inf:
        return "-"
    if seconds < 1.0:
        milliseconds = seconds * 1e3
        return f"{milliseconds:.1f}ms" if 0.05 <= milliseconds < 0.95 else f"{int(milliseconds + 1e-9)}ms"
    if seconds < 10.0:
        return f"{int(seconds * 10 + 1e-9) / 10:.1f}s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02d}s"
    return f"{whole // 3600}h {whole // 60 % 60:02d}m"


def format_metric(value: float) -> str:
    """A metric's value: 4 decimals below 100, 2 above, scientific where those would say nothing.

    >>> [format_metric(v) for v in (0.0, 0.0023, 3e-9, 97.31, 1234.5, -0.5, 6e23, float("nan"))]
    ['0', '0.0023', '3.00e-9', '97.3100', '1234.50', '-0.5000', '6.00e23', 'nan']
    """
    size = abs(value)
    if value == 0.0 or not math.isfinite(value):
        return "0" if value == 0.0 else str(value)
    if size < 1e-3 or size >= 1e9:
        mantissa, exponent = f"{value:.2e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    return f"{value:.4f}" if size < 100.0 else f"{value:.2f}"


def format_bytes(size: float) -> str:
    """A size in bytes, base 1024.

    >>> [format_bytes(b) for b in (6 * 1024**3, 300 * 1024**2, 2048, 0)]
    ['6.0 GB', '300 MB', '2 KB', '0 B']
    """
    unit, factor, decimals = _unit_of(size)
    return f"{size / factor:.{decimals}f} {unit}"


def format_share(used: float, total: float) -> str:
    """Used of total, in the total's unit.

    >>> format_share(2.1 * 1024**3, 6 * 1024**3)
    '2.1/6.0 GB'
    """
    unit, factor, decimals = _unit_of(total)
    return f"{used / factor:.{decimals}f}/{total / factor:.{decimals}f} {unit}"


def _unit_of(size: float) -> tuple[str, int, int]:
    return next((unit for unit in _UNITS if size >= unit[1]), _UNITS[-1])
