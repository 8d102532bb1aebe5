"""One component after the other: all checks of its kind, counted and told as they are done."""

from __future__ import annotations

from collections.abc import Sequence

from flodl_core.provider import Component
from flodl_core.testing import exercise

from flodl_cli.exercise.further import further_checks
from flodl_cli.exercise.progress import Watch
from flodl_cli.exercise.tally import Tally


def prove(components: Sequence[Component], device: str, tally: Tally, watch: Watch) -> None:
    """Run every check of every component; what is done is in the tally, should somebody interrupt the rest.

    Args:
        device: `"cpu"` or `"cuda"`.
    """
    more = further_checks({component.kind for component in components})
    for component in components:
        for result in exercise(component, device=device, more=more, started=watch.started):
            tally.add(result)
        watch.finished(component, tally.results[component.id])
