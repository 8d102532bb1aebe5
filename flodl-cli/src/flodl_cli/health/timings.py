"""How long each plugin takes to load, each in a process of its own; what is wrong with it and what it brings."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, final

from attrs import asdict, frozen
from flodl_core.plugins import PluginReport
from flodl_core.registry import components

from flodl_cli.health.child import ask
from flodl_cli.health.finding import Finding
from flodl_cli.health.plugins import how_to_mend

_AT_ONCE = 2  # processes: more would time each other

_LOAD = """
from flodl_core.errors import PluginError
from flodl_core.ownership import foreign_target
from flodl_core.plugins import PluginHost
host = PluginHost()
brought = [c for found in host.load(lambda report: report.key == sys.argv[1]) for c in found]
report, = [report for report in host.reports() if report.key == sys.argv[1]]
answer = {"seconds": report.seconds, "heavy": report.heavy, "state": report.state, "reason": report.reason}
answer["unusable"], answer["foreign"] = [], []
for component in brought:
    try:
        component.check_requirements()
    except PluginError as error:
        answer["unusable"].append([error.what, error.mend])
for component in {c.spec.target.partition(".")[0].partition(":")[0]: c for c in brought}.values():  # a module each
    if (foreign := foreign_target(component)) is not None:
        answer["foreign"].append(foreign)
"""


@final
@frozen
class Timing:
    """One plugin's loading: its import and its hooks.

    Args:
        unusable: What it brings and cannot be used here, each with how to mend it.
        foreign: Targets that are somebody else's code.
    """

    distribution: str
    version: str
    entry_point: str
    state: str
    milliseconds: float | None = None
    heavy: tuple[str, ...] = ()
    reason: str = ""
    unusable: tuple[tuple[str, str], ...] = ()
    foreign: tuple[str, ...] = ()

    @property
    def remark(self) -> str:
        """What is wrong with it, if anything."""
        if self.heavy:
            return f"{self.distribution} pulls in {', '.join(self.heavy)} when it is only listed"
        return self.reason

    def findings(self, mend: str) -> Iterator[Finding]:
        """What its loading showed that its installation did not.

        Args:
            mend: How to get rid of a plugin that does not load.
        """
        name = f"plugin {self.distribution}"
        if self.reason:
            yield Finding(name, f"{self.state}: {self.reason}", "problem", mend)
        if self.heavy:
            yield Finding(
                name, self.remark, "problem", f"tell its author: a plugin module names targets as strings; {mend}"
            )
        for what, how in self.unusable:
            yield Finding(name, what, "note", how)
        for what in self.foreign:
            yield Finding(name, what, "note", "look at what it does before you use it")

    def as_data(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def time_plugins(timeout: float) -> Iterator[tuple[Timing, list[Finding]]]:
    """Load every plugin that may load, two at a time; what came of it, and what is to be mended.

    Args:
        timeout: Seconds for each.
    """
    waiting = [report for report in components.plugins() if report.state != "disabled"]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        timings = pool.map(lambda report: _time(report, timeout), waiting)
        for report, timing in zip(waiting, timings, strict=True):
            yield timing, list(timing.findings(how_to_mend(report)))


def _time(report: PluginReport, timeout: float) -> Timing:
    answer = ask(_LOAD, report.key, timeout=timeout)
    about = (report.distribution, report.version, report.entry_point)
    if answer.failure:
        return Timing(*about, state="failed", reason=answer.failure)
    found = answer.data
    return Timing(
        *about,
        state=found["state"],
        milliseconds=found["seconds"] * 1e3,
        heavy=tuple(found["heavy"]),
        reason=found["reason"],
        unusable=tuple((what, mend or "") for what, mend in found["unusable"]),
        foreign=tuple(found["foreign"]),
    )
