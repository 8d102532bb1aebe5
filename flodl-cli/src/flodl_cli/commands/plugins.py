"""`flodl plugins`: who is installed, what each brings, what failed and why."""

from __future__ import annotations

from typing import Any

import click
from flodl_core.plugins import PluginReport
from flodl_core.policy import DENY
from flodl_core.provider import Component
from flodl_core.registry import components

from flodl_cli.examples import ExampleCommand
from flodl_cli.output.human import print_table, printable
from flodl_cli.output.machine import print_json
from flodl_cli.output.words import counted_kind
from flodl_cli.settings import switches


@click.command(
    "plugins",
    cls=ExampleCommand,
    examples=(
        ("flodl plugins", "the state of each"),
        ("flodl plugins --json", "the same as data"),
        ("flodl plugins --strict", "exit with 1 when one has a problem"),
    ),
)
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@switches(hidden=True)
def command(as_json: bool) -> None:
    """Show every plugin: its state, what it brings, how to disable it.

    States: loaded; faulty (loaded, but part of it cannot be used); failed; disabled (by
    FLODL_PLUGINS or FLODL_DISABLE_PLUGINS). A plugin that is broken never stops the others.
    """
    everything = components.list(deprecated=True)
    reports = components.plugins()
    if as_json:
        plugins = [_as_data(report, _of(report, everything)) for report in reports]
        print_json({"plugins": plugins, "problems": [str(problem) for problem in components.problems()]})
    else:
        _print(reports, everything)


def _of(report: PluginReport, everything: tuple[Component, ...]) -> dict[str, list[str]]:
    """Names by kind."""
    own = (report.distribution, report.entry_point)
    brought: dict[str, list[str]] = {}
    for component in everything:
        if own == (component.origin.distribution, component.origin.entry_point):
            brought.setdefault(component.kind, []).append(component.name)
    return brought


def _as_data(report: PluginReport, brought: dict[str, list[str]]) -> dict[str, Any]:
    return {
        "distribution": report.distribution,
        "version": report.version,
        "entry_point": report.entry_point,
        "value": report.value,
        "builtin": report.builtin,
        "state": report.state,
        "reason": report.reason,
        "heavy": list(report.heavy),
        "components": brought,
        "disable": disabling(report),
    }


def disabling(report: PluginReport) -> str:
    """What to set so that a plugin is left alone."""
    return f"{DENY}={report.distribution}"


def _print(reports: tuple[PluginReport, ...], everything: tuple[Component, ...]) -> None:
    heads = ["plugin", "version", "state", "entry point", "brings"]
    print_table(heads, [_row(report, _of(report, everything)) for report in reports])
    if remarks := [remark for report in reports if (remark := _remark(report))]:
        click.echo("\n" + "\n".join(map(printable, remarks)))
    click.echo(f"\nTo disable plugins: {DENY}=NAME,NAME (distributions); to allow only some: FLODL_PLUGINS=NAME,NAME")


def _row(report: PluginReport, brought: dict[str, list[str]]) -> list[str]:
    counts = ", ".join(counted_kind(len(names), kind) for kind, names in brought.items())
    return [report.distribution, report.version, report.state, f"{report.entry_point} = {report.value}", counts or "-"]


def _remark(report: PluginReport) -> str:
    if report.state in ("failed", "faulty"):
        return f"{report.distribution} {report.version} {report.state}: {report.reason}; disable: {disabling(report)}"
    if report.state == "disabled":
        return f"{report.distribution} {report.version} disabled: {report.reason}"
    if report.heavy:
        return (
            f"{report.distribution} {report.version} makes listing slow: its import pulls in {', '.join(report.heavy)}"
        )
    return ""
