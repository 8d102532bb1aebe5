"""Plugins and the policy over them, looked at without importing one."""

from __future__ import annotations

import os
from collections.abc import Iterator

from flodl_core.plugins import PluginReport
from flodl_core.policy import ALLOW, DENY
from flodl_core.registry import components

from flodl_cli.health.finding import Finding
from flodl_cli.health.installed import versions_of
from flodl_cli.health.parts import several
from flodl_cli.locate import find_module
from flodl_cli.settings import STRICT

_POLICY = {
    ALLOW: ("not set: every plugin may load", "set, but empty, as --no-plugins does: no third-party plugin may load"),
    DENY: ("not set: no plugin is disabled", "set, but empty: no plugin is disabled"),
    STRICT: ("not set: a broken plugin is a warning", "set, but empty: a broken plugin is a warning"),
}


def look_at_policy() -> Iterator[Finding]:
    """The variables that say which plugins may load."""
    for variable, (unset, empty) in _POLICY.items():
        value = os.environ.get(variable)
        yield Finding(variable, unset if value is None else repr(value) if value else empty)


def look_at_plugins() -> Iterator[Finding]:
    """One line per plugin: what its installation says, not yet whether it loads."""
    reports = components.plugins()
    for problem in components.problems():
        if problem.plugin is None:  # a name in a variable that fits nothing, metadata that cannot be read
            yield Finding("plugins", problem.what, "problem", problem.mend)
    for report in reports:
        yield _look_at(report)


def how_to_mend(report: PluginReport) -> str:
    """Install it anew, or leave it alone."""
    return f"pip install --force-reinstall {report.distribution}, or {DENY}={report.distribution}"


def _look_at(report: PluginReport) -> Finding:
    name, said = f"plugin {report.distribution}", f"{report.version}, {report.entry_point} = {report.value}"
    if report.state == "disabled":
        return Finding(name, f"{said}, disabled: {report.reason}", "note", "change that variable")
    if report.state in ("failed", "faulty"):
        return Finding(name, f"{said}, {report.state}: {report.reason}", "problem", how_to_mend(report))
    if find_module(report.value.partition(":")[0].strip()) is None:
        return Finding(name, f"{said}: there is no such module", "problem", how_to_mend(report))
    if not report.builtin and len(versions := versions_of(report.distribution)) > 1:
        return several(report.distribution, versions)
    return Finding(name, said)
