"""Bytes as people read them."""

from __future__ import annotations


def in_bytes(size: int) -> str:
    """A size in the unit that fits, base 1024.

    >>> in_bytes(0), in_bytes(1023), in_bytes(1536), in_bytes(5 << 30)
    ('0 B', '1023 B', '1.5 KiB', '5.0 GiB')
    """
    value, units = float(size), ["B", "KiB", "MiB", "GiB", "TiB"]
    while value >= 1024 and len(units) > 1:
        value /= 1024
        units.pop(0)
    return f"{size} B" if units[0] == "B" else f"{value:.1f} {units[0]}"
