"""The verdict, for people: what was looked at, what is wrong with the way to mend it, what is expected to fail."""

from __future__ import annotations

from collections.abc import Sequence

import click

from flodl_cli.exercise.tally import Tally
from flodl_cli.health.finding import Finding
from flodl_cli.output.human import print_table, printable
from flodl_cli.output.words import counted, some


def print_verdict(whose: str, findings: Sequence[Finding], tally: Tally | None) -> None:
    """A table of what was found; then what is to be done; then one line."""
    print_table(["what", "state", "found"], [[f.name, f.state, f.said] for f in findings])
    if tally is not None:
        _print_expected(tally)
    for finding in findings:
        if finding.state != "ok":
            click.echo(f"\n{finding.state} {finding.name}: {printable(finding.said)}")
            click.echo(f"  try: {printable(finding.mend)}")
    problems = sum(finding.state == "problem" for finding in findings)
    without = "" if tally is not None else ", contracts left out"
    verdict = "passes" if not problems else f"does not pass: {counted(problems, 'problem')}"
    click.echo(f"\n{printable(whose)} {verdict}{without}")


def _print_expected(tally: Tally) -> None:
    for (kind, check, reason), names in tally.skips().items():
        waived = any(r.waived and (r.check, r.reason) == (check, reason) for r in tally.of_kind(kind))
        said = "expected to fail" if waived else "skipped"
        click.echo(f"\n{said} {kind} {check}: {printable(some(names))}")
        click.echo(f"  because: {printable(reason)}")
