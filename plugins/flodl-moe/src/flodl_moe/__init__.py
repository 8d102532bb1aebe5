"""A sparse mixture of experts, as a word of flodl graphs. Importing this package imports no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flodl_core import lazy_exports

if TYPE_CHECKING:
    from flodl_moe.balance import balance_loss as balance_loss
    from flodl_moe.balance import z_loss as z_loss
    from flodl_moe.mixture import SparseMixture as SparseMixture
    from flodl_moe.router import Router as Router
    from flodl_moe.word import Moe as Moe

_HOMES = {
    "flodl_moe.balance": "balance_loss z_loss",
    "flodl_moe.mixture": "SparseMixture",
    "flodl_moe.router": "Router",
    "flodl_moe.word": "Moe",
}

__all__ = [*sorted(name for names in _HOMES.values() for name in names.split())]

__getattr__, __dir__ = lazy_exports(__name__, {n: home for home, names in _HOMES.items() for n in names.split()})
