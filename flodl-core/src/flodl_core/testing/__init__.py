"""Tools for those who write plugins, and for flodl's own tests. Needs neither pytest nor torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flodl_core.lazy import lazy_exports

if TYPE_CHECKING:
    from flodl_core.testing.contracts.check import Check as Check
    from flodl_core.testing.contracts.check import Result as Result
    from flodl_core.testing.contracts.check import Skip as Skip
    from flodl_core.testing.contracts.check import Subject as Subject
    from flodl_core.testing.contracts.exercise import exercise as exercise
    from flodl_core.testing.contracts.inputs import inputs_of as inputs_of
    from flodl_core.testing.contracts.proof import Proof as Proof
    from flodl_core.testing.contracts.proof import components_of as components_of
    from flodl_core.testing.contracts.proof import prove as prove
    from flodl_core.testing.contracts.proof import unasked as unasked
    from flodl_core.testing.contracts.suites import NEEDS_NO_EXAMPLE as NEEDS_NO_EXAMPLE
    from flodl_core.testing.contracts.suites import NEEDS_NO_TORCH as NEEDS_NO_TORCH
    from flodl_core.testing.contracts.suites import PUBLISHED as PUBLISHED
    from flodl_core.testing.contracts.suites import suite_of as suite_of
    from flodl_core.testing.distributions import FakeDistribution as FakeDistribution
    from flodl_core.testing.distributions import fake_distribution as fake_distribution
    from flodl_core.testing.distributions import plugin_source as plugin_source
    from flodl_core.testing.isolation import environment as environment
    from flodl_core.testing.isolation import fresh_registry as fresh_registry

_HOMES = {
    "flodl_core.testing.contracts.check": "Check Result Skip Subject",
    "flodl_core.testing.contracts.exercise": "exercise",
    "flodl_core.testing.contracts.inputs": "inputs_of",
    "flodl_core.testing.contracts.proof": "Proof components_of prove unasked",
    "flodl_core.testing.contracts.suites": "NEEDS_NO_EXAMPLE NEEDS_NO_TORCH PUBLISHED suite_of",
    "flodl_core.testing.distributions": "FakeDistribution fake_distribution plugin_source",
    "flodl_core.testing.isolation": "environment fresh_registry",
}

__all__ = [*sorted(name for names in _HOMES.values() for name in names.split())]

__getattr__, __dir__ = lazy_exports(__name__, {n: home for home, names in _HOMES.items() for n in names.split()})
