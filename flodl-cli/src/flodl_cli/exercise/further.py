"""Checks that other parts of flodl know of, where those are installed: a module within a flow, a sink fed records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click
from click.testing import CliRunner
from flodl_core.errors import ContractError
from flodl_core.testing import Check, Skip, Subject


def further_checks() -> Mapping[str, Sequence[Check]]:
    """By kind. A part that is not there is a check that says so."""
    help_ = Check("help", "It prints its help when asked, and exits with 0.", _prints_help)
    return {**_of_graph(), **_of_monitor(), "command": (help_,)}


def _of_graph() -> Mapping[str, Sequence[Check]]:
    try:
        from flodl_graph.testing import CHECKS
    except ModuleNotFoundError:
        return {kind: (_absent("flow", "flodl-graph"),) for kind in ("module", "word", "merge_op", "op")}
    return CHECKS


def _of_monitor() -> Mapping[str, Sequence[Check]]:
    try:
        from flodl_monitor.testing import CHECKS
    except ModuleNotFoundError:
        return {"sink": (_absent("records", "flodl-monitor"),)}
    return CHECKS


def _absent(check: str, distribution: str) -> Check:
    def skip(subject: Subject) -> Skip:
        return Skip(f"{distribution} is not installed")

    return Check(check, f"Asked by {distribution}.", skip)


def _prints_help(subject: Subject) -> None:
    command = subject.component.load()
    assert isinstance(command, click.Command)  # the check before this one has seen it
    done = CliRunner().invoke(command, ["--help"], prog_name=f"flodl {subject.component.name}")
    if done.exit_code or "Usage" not in done.output:
        raise ContractError(f"--help exits with {done.exit_code}: {done.exception or 'no usage is shown'}")
