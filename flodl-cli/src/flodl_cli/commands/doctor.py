"""`flodl doctor`: what is wrong here, and the command that mends it. Imports no third-party plugin itself."""

from __future__ import annotations

from collections.abc import Sequence

import click

from flodl_cli.examples import ExampleCommand
from flodl_cli.health.accelerator import look_at_torch
from flodl_cli.health.finding import Finding
from flodl_cli.health.folders import look_at_folders
from flodl_cli.health.parts import look_at_parts, look_at_python
from flodl_cli.health.plugins import look_at_plugins, look_at_policy
from flodl_cli.health.timings import Timing, time_plugins
from flodl_cli.output.human import print_table, printable
from flodl_cli.output.machine import print_json
from flodl_cli.output.words import counted
from flodl_cli.settings import switches


@click.command(
    "doctor",
    cls=ExampleCommand,
    examples=(
        ("flodl doctor", "look at everything"),
        ("flodl doctor --timings", "also load each plugin, in a process of its own"),
        ("flodl doctor --json", "the same as data"),
    ),
)
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@click.option("--timings", is_flag=True, help="How long each plugin takes to load, and what heavy library it pulls in.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="The longest that torch, or one plugin, may take.",
)
@switches(hidden=True)
def command(as_json: bool, timings: bool, timeout: float) -> int:
    """Look for what is wrong with this installation, and say how to mend it.

    torch is imported in a child process, and so is each plugin with --timings: nothing that is
    broken can break the doctor. Exit code 1 when something is wrong.
    """
    findings = [
        *look_at_python(),
        *look_at_folders(),
        *look_at_parts(),
        *look_at_torch(timeout),
        *look_at_policy(),
        *look_at_plugins(),
    ]
    timed = list(time_plugins(timeout)) if timings else []
    findings += [finding for _, found in timed for finding in found]
    wrong = sum(finding.state == "problem" for finding in findings)
    if as_json:
        more = {"timings": [timing.as_data() for timing, _ in timed]} if timings else {}
        print_json({"findings": [finding.as_data() for finding in findings], **more})
    else:
        _print(findings)
        _print_timings([timing for timing, _ in timed])
        _print_verdict(wrong, timings)
    return 1 if wrong else 0


def _print(findings: Sequence[Finding]) -> None:
    print_table(["what", "state", "found"], [[f.name, f.state, f.said] for f in findings])
    todo = [finding for finding in findings if finding.mend]
    if todo:
        click.echo()
    for finding in todo:
        click.echo(printable(f"{finding.state} {finding.name}: {finding.said}"))
        click.echo(f"  try: {printable(finding.mend)}")


def _print_timings(timings: Sequence[Timing]) -> None:
    if not timings:
        return
    click.echo()
    heads = ["plugin", "version", "ms", "state", "remark"]
    print_table(heads, [[t.distribution, t.version, _milliseconds(t), t.state, t.remark] for t in timings])


def _print_verdict(wrong: int, timings: bool) -> None:
    verdict = counted(wrong, "problem") if wrong else "nothing is wrong"
    more = "" if timings else "; no plugin was loaded: flodl doctor --timings tries each in a process of its own"
    click.echo(f"\n{verdict}{more}")


def _milliseconds(timing: Timing) -> str:
    return "-" if timing.milliseconds is None else f"{timing.milliseconds:.1f}"
