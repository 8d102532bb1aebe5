"""`flodl bench`: ten models, trained by PyTorch and by flodl side by side.

Importing this package imports no torch; looking into `MODELS` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flodl_bench.models import MODELS as MODELS
    from flodl_bench.sides import SIDES as SIDES

__all__ = ["MODELS", "SIDES"]


def __getattr__(name: str) -> object:
    if name == "MODELS":
        from flodl_bench.models import MODELS  # torch comes with it, so only when it is asked for

        return MODELS
    if name == "SIDES":
        from flodl_bench.sides import SIDES

        return SIDES
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
