"""Which checks a kind has. A suite is imported when it is first asked for: those of schedules need no torch."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from flodl_core.names import kind_named
from flodl_core.testing.contracts.check import Check

_HOME = "flodl_core.testing.contracts"
HOMES: Mapping[str, str] = {
    "module": f"{_HOME}.modules.suite",
    "loss": f"{_HOME}.losses",
    "optimizer": f"{_HOME}.optimizers.suite",
    "scheduler": f"{_HOME}.schedulers",
    "merge_op": f"{_HOME}.merge_ops",
    "sink": f"{_HOME}.sinks",
    "initializer": f"{_HOME}.initializers",
    "op": f"{_HOME}.ops",
    "word": f"{_HOME}.words",
    "dataset": f"{_HOME}.datasets",
    "probe": f"{_HOME}.probes",
    "command": f"{_HOME}.commands",
}
"""The module of each kind's suite; its `SUITE` is a tuple of checks."""

PUBLISHED: Mapping[str, int] = {
    "module": 14,
    "loss": 6,
    "optimizer": 7,
    "scheduler": 6,
    "merge_op": 5,
    "sink": 2,
    "initializer": 4,
    "op": 4,
    "word": 1,
    "dataset": 5,
    "probe": 3,
    "command": 1,
}
"""How many checks each kind's suite has, on all devices together: written down, so that none is lost unseen."""

NEEDS_NO_TORCH = frozenset({"scheduler", "sink", "probe", "command"})
"""Kinds whose suites run where torch is not installed, as far as their components do."""

NEEDS_NO_EXAMPLE = frozenset({"word", "command"})
"""Kinds whose declaration alone says enough."""


def suite_of(kind: str) -> tuple[Check, ...]:
    """The checks of a kind, in the order in which they run; the first one makes the component.

    Raises:
        UnknownKind: There is no such kind.

    >>> [check.name for check in suite_of("scheduler")][:2]
    ['builds', 'finite']
    """
    suite: tuple[Check, ...] = importlib.import_module(HOMES[kind_named(kind)]).SUITE
    return suite
