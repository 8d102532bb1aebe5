"""Rules: what training does when a trend says so, as data. Imports no torch.

`when(trend("encoder.scan.loss").stalled(10)).do(thaw("encoder.read"), scale_lr(0.5, "encoder"), cooldown=10)`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flodl_core.lazy import lazy_exports

if TYPE_CHECKING:
    from flodl_core.rules.action import freeze as freeze
    from flodl_core.rules.action import save as save
    from flodl_core.rules.action import scale_lr as scale_lr
    from flodl_core.rules.action import stop as stop
    from flodl_core.rules.action import thaw as thaw
    from flodl_core.rules.book import RuleBook as RuleBook
    from flodl_core.rules.firing import Firing as Firing
    from flodl_core.rules.rule import Rule as Rule
    from flodl_core.rules.rule import when as when
    from flodl_core.rules.words import trend as trend
    from flodl_core.rules.words import trends as trends

_HOMES = {
    "flodl_core.rules.action": "freeze save scale_lr stop thaw",
    "flodl_core.rules.book": "RuleBook",
    "flodl_core.rules.firing": "Firing",
    "flodl_core.rules.rule": "Rule when",
    "flodl_core.rules.words": "trend trends",
}

__all__ = [*sorted(name for names in _HOMES.values() for name in names.split())]

__getattr__, __dir__ = lazy_exports(__name__, {n: home for home, names in _HOMES.items() for n in names.split()})
