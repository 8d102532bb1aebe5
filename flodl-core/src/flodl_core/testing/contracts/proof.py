"""A component's contract as one fact: every check that is due was run, and none failed. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

from attrs import frozen

from flodl_core.errors import ContractError, PluginError
from flodl_core.policy import canonical
from flodl_core.provider import Component
from flodl_core.registry import Registry, components
from flodl_core.testing.contracts.check import Check, Result
from flodl_core.testing.contracts.exercise import exercise
from flodl_core.testing.contracts.suites import PUBLISHED, suite_of


@final
@frozen
class Proof:
    """What the checks of one component, or of several, came to.

    Args:
        results: One per check, in the order in which they ran.
    """

    results: tuple[Result, ...]

    @property
    def passed(self) -> tuple[Result, ...]:
        """Checks that were run and kept."""
        return tuple(result for result in self.results if result.outcome == "passed")

    @property
    def failed(self) -> tuple[Result, ...]:
        """Checks that were run and broken, though nothing waives them."""
        return tuple(result for result in self.results if result.outcome == "failed")

    @property
    def waived(self) -> tuple[Result, ...]:
        """Checks that failed as the spec says they must."""
        return tuple(result for result in self.results if result.waived)

    @property
    def skipped(self) -> tuple[Result, ...]:
        """Checks that cannot be asked of it, or not here."""
        return tuple(result for result in self.results if result.outcome == "skipped" and not result.waived)

    def __str__(self) -> str:
        """All four counts: a check that was not run is seen."""
        run = len(self.passed) + len(self.failed)
        return f"{run} run, {len(self.failed)} failed, {len(self.waived)} expected to fail, {len(self.skipped)} skipped"


def prove(
    component: Component,
    *,
    device: str = "cpu",
    more: Mapping[str, Sequence[Check]] | None = None,
    registry: Registry = components,
) -> Proof:
    """Run the suite of a component's kind, and demand all of it.

    Args:
        component: Whose promises.
        device: `"cpu"` or `"cuda"`.
        more: Further checks, by kind: `flodl_graph.testing.CHECKS`.
        registry: Where the references within its example are found.

    Raises:
        ContractError: A check failed, one that is due was not run, or one that the spec waives passes.
    """
    results = tuple(exercise(component, device=device, more=more, registry=registry))
    faults = [f"{result.check}: {result.reason}" for result in results if result.outcome == "failed"]
    faults += unasked(component, results, device=device, more=more)
    if faults:
        raise ContractError(
            f"{component.kind} {component.qualified} breaks its contract: {'; '.join(faults)}",
            where=f"{component.spec.target}, of {component.origin}",
            mend=f"flodl exercise {component.kind} {component.qualified} shows every check",
        )
    return Proof(results)


def unasked(
    component: Component,
    results: Sequence[Result],
    *,
    device: str = "cpu",
    more: Mapping[str, Sequence[Check]] | None = None,
) -> list[str]:
    """What should have been asked of a component and was not, a line each: a green run may not have run less.

    Nothing more is due of what cannot be made, because it is broken or because this machine lacks what it requires; the
    result says which. A component without an example was not asked, and a suite with fewer checks than are published
    asks too little: both are faults.
    """
    kind, suite = component.kind, suite_of(component.kind)
    faults = []
    if len(suite) != PUBLISHED[kind]:
        faults.append(f"its suite has {len(suite)} checks, published are {PUBLISHED[kind]}")
    if not any(device in check.devices for check in suite):
        faults.append(f"no check of its kind is for the device {device!r}; there are cpu and cuda")
    ran = [result.check for result in results]
    due = ["loads", *(check.name for check in (*suite, *(more or {}).get(kind, ())) if device in check.devices)]
    unmade = any(result.outcome != "passed" and result.check != "example" for result in results[:2])
    if ran != due and not unmade:
        missing = [name for name in due if name not in ran]
        why = "".join(f" ({result.reason})" for result in results[-1:] if result.outcome == "skipped")
        faults.append(f"not run: {', '.join(missing) or 'the checks in their order'}{why}")
    return faults


def components_of(distribution: str, registry: Registry = components) -> tuple[Component, ...]:
    """All that an installed distribution brings, what is deprecated too.

    Raises:
        PluginError: It is not installed, its plugin cannot be loaded, or it brings nothing; with the reason.

    >>> components_of("no-such-thing")
    Traceback (most recent call last):
    flodl_core.errors.PluginError: no plugin belongs to a distribution 'no-such-thing'
      try: pip install it, or pip install -e . in its folder; entry points are written at installation
    """
    name = canonical(distribution)
    found = tuple(c for c in registry.list(deprecated=True) if c.origin.distribution == name)
    reports = [report for report in registry.plugins() if report.distribution == name]
    if not reports:
        raise PluginError(
            f"no plugin belongs to a distribution {distribution!r}",
            mend="pip install it, or pip install -e . in its folder; entry points are written at installation",
        )
    broken = [report for report in reports if report.state not in ("loaded", "waiting")]
    if broken:
        raise PluginError(f"{broken[0]} is {broken[0].state}: {broken[0].reason}", where=broken[0].value)
    if not found:
        raise PluginError(f"{reports[0]} brings no component", where=reports[0].value)
    return found
