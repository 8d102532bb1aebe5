"""How long each plugin takes to load, each in a process of its own; and what heavy library it pulls in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, final

from attrs import asdict, frozen
from flodl_core.plugins import PluginReport
from flodl_core.registry import components

from flodl_cli.health.child import ask

_LOAD = """
from flodl_core.plugins import PluginHost
host = PluginHost()
list(host.load(lambda report: report.key == sys.argv[1]))
report, = [report for report in host.reports() if report.key == sys.argv[1]]
answer = {"seconds": report.seconds, "heavy": report.heavy, "state": report.state, "reason": report.reason}
"""


@final
@frozen
class Timing:
    """One plugin's loading: its import and its hooks."""

    distribution: str
    version: str
    entry_point: str
    state: str
    milliseconds: float | None = None
    heavy: tuple[str, ...] = ()
    reason: str = ""

    @property
    def remark(self) -> str:
        """What is wrong with it, if anything."""
        if self.heavy:
            return f"{self.distribution} pulls in {', '.join(self.heavy)} when it is only listed"
        return self.reason

    def as_data(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def time_plugins(timeout: float) -> Iterator[Timing]:
    """Load every plugin that may load.

    Args:
        timeout: Seconds for each.
    """
    for report in components.plugins():
        if report.state != "disabled":
            yield _time(report, timeout)


def _time(report: PluginReport, timeout: float) -> Timing:
    answer = ask(_LOAD, report.key, timeout=timeout)
    about = (report.distribution, report.version, report.entry_point)
    if answer.failure:
        return Timing(*about, state="failed", reason=answer.failure)
    found = answer.data
    return Timing(*about, found["state"], found["seconds"] * 1e3, tuple(found["heavy"]), found["reason"])
