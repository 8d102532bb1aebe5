"""The contract of every component: all checks of its kind, no fewer than are published."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flodl_core.provider import Component
from flodl_core.testing import PUBLISHED, Check, Proof, Result, exercise, unasked

from flodl_cli.exercise.further import further_checks
from flodl_cli.exercise.progress import Watch
from flodl_cli.exercise.tally import Tally
from flodl_cli.health.finding import Finding


def run_contracts(brought: Sequence[Component], device: str) -> Tally:
    """Exercise all of them, as `flodl exercise` does, with progress on stderr."""
    tally, more = Tally(), _more(brought)
    with Watch(len(brought)) as watch:
        for component in brought:
            results: list[Result] = []
            for result in exercise(component, device=device, more=more, started=watch.started):
                tally.add(result)
                results.append(result)
            watch.finished(component, results)
    return tally


def look_at_contracts(
    brought: Sequence[Component], tally: Tally, device: str, *, folder: str | None
) -> Iterator[Finding]:
    """A line per kind; each check that failed, and each that was due and not asked.

    Args:
        folder: Of sources that are not installed: `flodl exercise` finds only what is.
    """
    more = _more(brought)
    for component in brought:
        results = tally.results[component.id]
        who = f"{component.kind} {component.name}"
        alone = f"pip install -e {shlex.quote(folder)}; " if folder else ""
        alone += (
            f"flodl exercise {component.kind} {component.qualified}{'' if device == 'cpu' else f' --device {device}'}"
        )
        for result in results:
            if result.outcome == "failed":
                yield Finding("contract", f"{who}, {result.check}: {result.reason}", "problem", alone)
        for fault in unasked(component, results, device=device, more=more):
            yield Finding("contract", f"{who}: {fault}", "problem", alone)
    for kind in tally.kinds:
        results = tally.of_kind(kind)
        whole = Proof(tuple(results))
        number = len({result.component.id for result in results})
        if not whole.failed:
            kinds = f"{kind.replace('_', ' ')} ({number}, {PUBLISHED[kind]} checks published)"
            yield Finding("contract", f"{kinds}: {whole}")


def as_data(tally: Tally) -> dict[str, Any]:
    """Everything, with the published numbers beside it."""
    return {"published": {kind: PUBLISHED[kind] for kind in tally.kinds}, **tally.as_data()}


def _more(brought: Sequence[Component]) -> Mapping[str, Sequence[Check]]:
    return further_checks({component.kind for component in brought})
