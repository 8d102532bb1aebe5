"""Plugins and the policy over them, looked at without importing one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import metadata

from flodl_core.plugins import PluginReport
from flodl_core.policy import ALLOW, DENY
from flodl_core.registry import components

from flodl_cli.health.finding import Finding
from flodl_cli.locate import find_module
from flodl_cli.settings import STRICT


def look_at_policy() -> Iterator[Finding]:
    """The variables that say which plugins may load."""
    for variable, unset in (
        (ALLOW, "not set: every plugin may load"),
        (DENY, "not set: no plugin is disabled"),
        (STRICT, "not set: a broken plugin is a warning"),
    ):
        value = os.environ.get(variable)
        yield Finding(variable, unset if value is None else f"{value!r}" if value else "set, but empty")


def look_at_plugins() -> Iterator[Finding]:
    """One line per plugin: what its installation says, not yet whether it loads."""
    reports = components.plugins()
    for problem in components.problems():
        if problem.plugin is None:  # a name in a variable that fits nothing, metadata that cannot be read
            yield Finding("plugins", problem.what, "problem", problem.mend)
    for report in reports:
        yield _look_at(report)


def _look_at(report: PluginReport) -> Finding:
    name, said = f"plugin {report.distribution}", f"{report.version}, {report.entry_point} = {report.value}"
    mend = f"pip install --force-reinstall {report.distribution}, or {DENY}={report.distribution}"
    if report.state == "disabled":
        return Finding(name, f"{said}, disabled: {report.reason}", "note", "change that variable")
    if report.state in ("failed", "faulty"):
        return Finding(name, f"{said}, {report.state}: {report.reason}", "problem", mend)
    if find_module(report.value.partition(":")[0].strip()) is None:
        return Finding(name, f"{said}: there is no such module", "problem", mend)
    if len(versions := _versions(report.distribution)) > 1:
        said = f"installed several times: {', '.join(sorted(versions))}"
        return Finding(
            name, said, "problem", f"pip uninstall {report.distribution} until none is left, then install it"
        )
    return Finding(name, said)


def _versions(distribution: str) -> set[str]:
    return {found.version for found in metadata.distributions(name=distribution)}
