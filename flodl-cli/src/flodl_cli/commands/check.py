"""`flodl check`: what flodl asks of a plugin's distribution, installed or still a folder of sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from flodl_core.errors import UsageError, did_you_mean
from flodl_core.plugins import PluginReport
from flodl_core.policy import canonical
from flodl_core.registry import components

from flodl_cli.completion import complete_distributions
from flodl_cli.conformance.claims import look_at_names, look_at_requirements, look_at_targets
from flodl_cli.conformance.contract import as_data, look_at_contracts, run_contracts
from flodl_cli.conformance.listing import look_at_listings, measure
from flodl_cli.conformance.packaging import look_at_packaging, packages_of
from flodl_cli.conformance.papers import look_at_papers
from flodl_cli.conformance.report import print_verdict
from flodl_cli.conformance.sources import WHERE, as_installed
from flodl_cli.examples import ExampleCommand
from flodl_cli.exercise.device import require_device
from flodl_cli.output.machine import print_json
from flodl_cli.selection import known_distributions
from flodl_cli.settings import switches


@click.command(
    "check",
    cls=ExampleCommand,
    examples=(
        ("flodl check .", "the sources in this folder; nothing is installed"),
        ("flodl check flodl-lion", "an installed distribution"),
        ("flodl check . --quick", "all but the contracts: seconds"),
        ("flodl check . --device cuda --json", "contracts on a GPU too; as data"),
    ),
)
@click.argument("target", metavar="DIST-OR-PATH", shell_complete=complete_distributions)
@click.option("--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True, help="For contracts.")
@click.option("--quick", is_flag=True, help="Leave the contracts out.")
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@switches(hidden=True)
def command(target: str, device: str, quick: bool, as_json: bool) -> int:
    """Check a plugin as strangers will meet it: what its metadata says, what listing it costs, whose names and whose
    code it claims, whether it is documented, and whether its components keep the contracts of their kinds.

    These are the checks that flodl's own distributions pass. A folder is checked as if it were installed: its code
    is run. Exit code 1 when there is a problem; notes are no problems.
    """
    installed = known_distributions()
    with _there(target) as distribution:
        reports = _plugins_of(distribution)
        listings = [measure(report) for report in reports]
        brought = [c for c in components.list(deprecated=True) if c.origin.distribution == distribution]
        findings = [
            *look_at_packaging(distribution, reports),
            *look_at_listings(listings),
            *look_at_names(brought),
            *look_at_targets(brought),
            *look_at_requirements(brought),
            *look_at_papers(distribution, packages_of(reports), brought),
        ]
        tally = None
        if not quick:
            require_device(device, {component.kind for component in brought}, where=WHERE)
            tally = run_contracts(brought, device)
            findings += look_at_contracts(brought, tally, device, folder=None if distribution in installed else target)
    passed = not any(finding.state == "problem" for finding in findings)
    if as_json:
        data = {"findings": [f.as_data() for f in findings], "listings": [each.as_data() for each in listings]}
        contract = None if tally is None else as_data(tally)
        version = reports[0].version
        print_json({"distribution": distribution, "version": version, "passed": passed, **data, "contract": contract})
    else:
        print_verdict(f"{distribution} {reports[0].version}", findings, tally)
    return 0 if passed else 1


@contextmanager
def _there(target: str) -> Iterator[str]:
    """The distribution that is meant: an installed one, or a folder that counts as installed meanwhile."""
    known = known_distributions()
    is_path = "/" in target or "\\" in target or target in (".", "..")
    if is_path or (canonical(target) not in known and Path(target).is_dir()):
        with as_installed(Path(target)) as name:
            yield canonical(name)
    elif canonical(target) in known:
        yield canonical(target)
    else:
        mend = did_you_mean(canonical(target), known) or f"a folder, or one of {', '.join(sorted(known)) or 'none'}"
        raise UsageError(f"{target!r} is no plugin's distribution, and no folder", where=WHERE, mend=mend)


def _plugins_of(distribution: str) -> Sequence[PluginReport]:
    reports = [report for report in components.plugins() if report.distribution == distribution]
    for report in reports:
        if report.state == "disabled":
            raise UsageError(f"{report} is disabled: {report.reason}", where=WHERE, mend="change that variable")
    return reports
