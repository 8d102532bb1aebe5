"""Where a recorded quantity is going: plain arithmetic, and verdicts with three answers. Imports no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flodl_core.lazy import lazy_exports

if TYPE_CHECKING:
    from flodl_core.trends.group import TrendGroup as TrendGroup
    from flodl_core.trends.trend import Trend as Trend

__all__ = ["Trend", "TrendGroup"]

__getattr__, __dir__ = lazy_exports(
    __name__, {"Trend": "flodl_core.trends.trend", "TrendGroup": "flodl_core.trends.group"}
)
