"""Lion, the evolved sign momentum optimizer. Importing this package imports no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flodl_lion.lion import Lion as Lion

__all__ = ["Lion"]


def __getattr__(name: str) -> object:
    if name != "Lion":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from flodl_lion.lion import Lion  # torch comes with it, so only when it is asked for

    return Lion
