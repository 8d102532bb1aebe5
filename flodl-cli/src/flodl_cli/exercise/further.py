"""Checks that other parts of flodl know of, where those are installed: a module within a flow, a sink fed records."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import click
from click.testing import CliRunner
from flodl_core.errors import ContractError
from flodl_core.testing import Check, Skip, Subject

from flodl_cli.locate import find_module

_OF_GRAPH = frozenset({"module", "op", "merge_op", "word"})


def further_checks(kinds: Collection[str]) -> Mapping[str, Sequence[Check]]:
    """By kind, for these kinds. A part that is not there is a check that says so."""
    checks: dict[str, Sequence[Check]] = {
        "command": (Check("help", "It prints its help when asked, and exits with 0.", _prints_help),)
    }
    if not _OF_GRAPH.isdisjoint(kinds):
        checks.update(_of_graph())
    if "sink" in kinds:
        checks.update(_of_monitor())
    return checks


def _of_graph() -> Mapping[str, Sequence[Check]]:
    if find_module("flodl_graph") is None:
        return dict.fromkeys(_OF_GRAPH, (_absent("flow", "flodl-graph"),))
    from flodl_graph.testing import CHECKS

    return CHECKS


def _of_monitor() -> Mapping[str, Sequence[Check]]:
    if find_module("flodl_monitor") is None:
        return {"sink": (_absent("records", "flodl-monitor"),)}
    from flodl_monitor.testing import CHECKS

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
