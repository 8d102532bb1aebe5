"""A slice of `flodl exercise`: every kind and every check, on all that installed distributions bring.

All of it is `flodl exercise`: some minutes. Here modules and ops are thinned out, by a rule that adds new ones to the
slice without a list: one of each category, and all that is flodl's own code.
"""

from __future__ import annotations

import pytest
from flodl_core import components
from flodl_core.testing import exercise, suite_of
from flodl_graph.testing import CHECKS as IN_A_FLOW
from flodl_monitor.testing import CHECKS as IN_A_MONITOR
from projects import ROOT

MORE = {**IN_A_FLOW, **IN_A_MONITOR}
THINNED = {"module": 1, "op": 3}
"""How many of each category of torch's own are taken."""


def slice_of(kind):
    """The components of a kind that are exercised here."""
    chosen, of_category = [], {}
    for component in components.list(kind):
        spec = component.spec
        own = spec.target.startswith("flodl") and kind != "op"
        of_category[spec.category] = of_category.get(spec.category, 0) + (not own)
        if own or kind not in THINNED or of_category[spec.category] <= THINNED[kind]:
            chosen.append(component)
    return chosen


SLICE = [component for kind in components.kinds for component in slice_of(kind)]


@pytest.mark.parametrize("component", SLICE, ids=lambda component: component.id)
def test_it_keeps_its_promises(component, device):
    """No check fails."""
    results = list(exercise(component, device=device.type, more=MORE))
    assert [] == [str(result) for result in results if result.outcome == "failed"]
    ran = {result.check for result in results}
    suite = {check.name for check in suite_of(component.kind) if device.type in check.devices}
    lacking = results[-1].outcome == "skipped"  # of the first two checks: it says what this machine has not
    assert suite <= ran or (lacking and ran <= {"loads", "builds"}), "it could not be made"


def test_the_slice_has_every_kind():
    """And so every check, since each runs its whole suite."""
    assert set(components.kinds) == {component.kind for component in SLICE}


def test_all_of_flodls_own_can_be_exercised():
    """An example each, and for what has a value of its own an oracle."""
    for component in components.list():
        spec = component.spec
        if component.origin.distribution == "session":  # another test's own
            continue
        assert spec.example is not None or component.kind == "command", component.id
        if component.kind in ("loss", "optimizer", "scheduler", "initializer", "merge_op"):
            assert spec.oracle is not None, component.id


def test_the_page_names_every_check():
    """`docs/how-to/exercise-components.md` lists what is asked of each kind."""
    page = (ROOT / "docs" / "how-to" / "exercise-components.md").read_text()
    rows = {row.split("|")[1].strip().replace(" ", ""): row for row in page.splitlines() if row.startswith("| ")}
    for kind in components.kinds:
        row = rows[kind.replace("_", "")]
        checks = (*suite_of(kind), *MORE.get(kind, ()))
        assert [] == [check.name for check in checks if f"`{check.name}`" not in row], kind
