"""The findings, for people: counts by check, what was skipped and why, what failed and how to see it alone."""

from __future__ import annotations

import click
from flodl_core.testing import Result

from flodl_cli.exercise.tally import Tally, count, said
from flodl_cli.output.human import print_table, printable
from flodl_cli.output.words import counted, many, some


def print_report(tally: Tally, device: str) -> None:
    """All of it; of a single component every check."""
    if len(tally.results) == 1:
        _print_one(tally.all)
    else:
        _print_checks(tally)
        _print_skips(tally)
    _print_failures(tally, device)
    seconds = sum(result.seconds for result in tally.all)
    components = counted(len(tally.results), "component")
    checks = f"{len(tally.all)} checks on {device} in {seconds:.1f} s"
    click.echo(f"\n{components}, {checks}: {said(count(tally.all))}")


def _print_one(results: list[Result]) -> None:
    print_table(
        ["check", "outcome", "ms", "reason"],
        [[r.check, r.outcome, f"{r.seconds * 1e3:.0f}", r.reason] for r in results],
    )


def _print_checks(tally: Tally) -> None:
    rows = []
    for kind in tally.kinds:
        results = tally.of_kind(kind)
        number = len({result.component.id for result in results})
        for place, check in enumerate(dict.fromkeys(result.check for result in results)):
            mine = [result for result in results if result.check == check]
            head = [many(kind), str(number)] if place == 0 else ["", ""]
            seconds = sum(result.seconds for result in mine)
            rows.append([*head, check, *(str(n) if n else "" for n in count(mine).values()), f"{seconds:.1f}"])
    print_table(["kind", "components", "check", "passed", "failed", "skipped", "seconds"], rows)


def _print_skips(tally: Tally) -> None:
    skips = tally.skips()
    if not skips:
        return
    click.echo("\nskipped:")
    for (kind, check, reason), names in skips.items():
        click.echo(printable(f"{kind} {check}: {some(names)}"))
        click.echo(f"  because: {printable(reason)}")


def _print_failures(tally: Tally, device: str) -> None:
    for result in tally.failed.values():
        component = result.component
        option = "" if device == "cpu" else f" --device {device}"
        click.echo()
        click.echo(printable(f"FAILED {component.kind} {component.qualified}, check {result.check!r}: {result.reason}"))
        click.echo(f"  at: {printable(component.spec.target)}, of {printable(str(component.origin))}")
        if len(tally.results) > 1:
            click.echo(f"  alone: flodl exercise {component.kind} {component.qualified}{option}")
