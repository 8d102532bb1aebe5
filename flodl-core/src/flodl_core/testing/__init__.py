"""Tools for those who write plugins, and for flodl's own tests. Needs neither pytest nor torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flodl_core.lazy import lazy_exports

if TYPE_CHECKING:
    from flodl_core.testing.distributions import FakeDistribution as FakeDistribution
    from flodl_core.testing.distributions import fake_distribution as fake_distribution
    from flodl_core.testing.distributions import plugin_source as plugin_source
    from flodl_core.testing.isolation import environment as environment
    from flodl_core.testing.isolation import fresh_registry as fresh_registry

_HOMES = {
    "flodl_core.testing.distributions": "FakeDistribution fake_distribution plugin_source",
    "flodl_core.testing.isolation": "environment fresh_registry",
}

__all__ = [*sorted(name for names in _HOMES.values() for name in names.split())]

__getattr__, __dir__ = lazy_exports(__name__, {n: home for home, names in _HOMES.items() for n in names.split()})
