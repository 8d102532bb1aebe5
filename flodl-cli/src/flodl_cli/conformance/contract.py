"""The contract of every component: all checks of its kind, no fewer than are published."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from flodl_core.provider import Component
from flodl_core.testing import PUBLISHED, Proof, unasked

from flodl_cli.exercise.further import further_checks
from flodl_cli.exercise.progress import Watch
from flodl_cli.exercise.prove import prove
from flodl_cli.exercise.tally import Tally
from flodl_cli.health.finding import Finding


def run_contracts(brought: Sequence[Component], device: str) -> Tally:
    """Exercise all of them, as `flodl exercise` does, with progress on stderr."""
    tally = Tally()
    with Watch(len(brought)) as watch:
        prove(brought, device, tally, watch)
    return tally


def look_at_contracts(
    brought: Sequence[Component], tally: Tally, device: str, *, folder: str | None
) -> Iterator[Finding]:
    """A line per kind; each check that failed, and each that was due and not asked.

    Args:
        folder: Of sources that are not installed: `flodl exercise` finds only what is.
    """
    more = further_checks({component.kind for component in brought})
    for component in brought:
        results, mend = tally.results[component.id], _to_see_it(component, device, folder)
        faults = [f", {result.check}: {result.reason}" for result in results if result.outcome == "failed"]
        faults += [f": {fault}" for fault in unasked(component, results, device=device, more=more)]
        for fault in faults:
            yield Finding("contract", f"{component.kind} {component.name}{fault}", "problem", mend)
    for kind in tally.kinds:
        whole = Proof(tuple(tally.of_kind(kind)))
        if not whole.failed:
            number = len({result.component.id for result in whole.results})
            said = f"{kind.replace('_', ' ')} ({number}, {PUBLISHED[kind]} checks published): {whole}"
            yield Finding("contract", said)


def as_data(tally: Tally) -> dict[str, Any]:
    """Everything, with the published numbers beside it."""
    return {"published": {kind: PUBLISHED[kind] for kind in tally.kinds}, **tally.as_data()}


def _to_see_it(component: Component, device: str, folder: str | None) -> str:
    """The command that shows the checks of one component; of sources, after they are installed."""
    install = f"pip install -e {shlex.quote(folder)}; " if folder else ""
    option = "" if device == "cpu" else f" --device {device}"
    return f"{install}flodl exercise {component.kind} {component.qualified}{option}"
