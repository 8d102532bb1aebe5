"""Optimizers: torch's own, on their fused kernels where torch has them; states that floDl saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flodl_core.lazy import lazy_exports

if TYPE_CHECKING:
    from flodl_nn.optim.flodl_state import load_flodl_state as load_flodl_state

__all__ = ["load_flodl_state"]

__getattr__, __dir__ = lazy_exports(__name__, {"load_flodl_state": "flodl_nn.optim.flodl_state"})
