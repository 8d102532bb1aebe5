"""What was found, counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, final

from attrs import define, field
from flodl_core.testing import Result

OUTCOMES = ("passed", "failed", "skipped")


@final
@define
class Tally:
    """Results by component, in the order in which they came."""

    results: dict[str, list[Result]] = field(factory=dict)

    def add(self, result: Result) -> None:
        """Take in one."""
        self.results.setdefault(result.component.id, []).append(result)

    @property
    def all(self) -> list[Result]:
        """Every result."""
        return [result for results in self.results.values() for result in results]

    @property
    def failed(self) -> dict[str, Result]:
        """The first failure of each component that has one."""
        firsts = {key: _first_failure(results) for key, results in self.results.items()}
        return {key: first for key, first in firsts.items() if first is not None}

    @property
    def kinds(self) -> list[str]:
        """The kinds that were exercised."""
        return list(dict.fromkeys(result.component.kind for result in self.all))

    def of_kind(self, kind: str) -> list[Result]:
        """The results of one kind."""
        return [result for result in self.all if result.component.kind == kind]

    def skips(self) -> dict[tuple[str, str, str], list[str]]:
        """Kind, check and reason of what was skipped, and the components it was skipped for."""
        found: dict[tuple[str, str, str], list[str]] = {}
        for r in self.all:
            if r.outcome == "skipped":
                found.setdefault((r.component.kind, r.check, r.reason), []).append(r.component.name)
        return found

    def as_data(self) -> dict[str, Any]:
        """Everything, as plain data."""
        return {
            "totals": {"components": len(self.results), "checks": len(self.all), **count(self.all)},
            "components": [_as_data(results) for results in self.results.values()],
        }


def count(results: Iterable[Result]) -> Mapping[str, int]:
    """How many passed, failed, were skipped."""
    outcomes: list[str] = [result.outcome for result in results]
    return {outcome: outcomes.count(outcome) for outcome in OUTCOMES}


def said(counts: Mapping[str, int]) -> str:
    """Counts in words, zeros left out.

    >>> said({"passed": 12, "failed": 0, "skipped": 1})
    '12 passed, 1 skipped'
    """
    return ", ".join(f"{number} {outcome}" for outcome, number in counts.items() if number) or "nothing"


def _as_data(results: list[Result]) -> dict[str, Any]:
    component = results[0].component
    checks = [
        {
            "check": r.check,
            "outcome": r.outcome,
            "reason": r.reason,
            "seconds": round(r.seconds, 4),
            "waived": r.waived,
        }
        for r in results
    ]
    return {
        "kind": component.kind,
        "name": component.name,
        "id": component.id,
        "distribution": component.origin.distribution,
        "version": component.origin.version,
        "failed": _first_failure(results) is not None,
        "checks": checks,
    }


def _first_failure(results: list[Result]) -> Result | None:
    return next((result for result in results if result.outcome == "failed"), None)
