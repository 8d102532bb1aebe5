"""What listing this plugin costs everybody, measured in a fresh process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, final

from attrs import asdict, frozen
from flodl_core.plugins import PluginReport

from flodl_cli.health.child import ask
from flodl_cli.health.finding import Finding
from flodl_cli.output.words import counted

_TIMEOUT = 60.0  # seconds: a plugin that takes longer hangs
_SLOW = 1000.0  # milliseconds: no busy machine makes so much of the few that a plugin takes
_LOAD = """
from flodl_core.plugins import PluginHost
host = PluginHost()
wanted = sys.argv[1]
before = set(sys.modules)
list(host.load(lambda report: report.key == wanted))
report, = [report for report in host.reports() if report.key == wanted]
answer = {"state": report.state, "reason": report.reason, "milliseconds": report.seconds * 1e3,
          "heavy": list(report.heavy), "modules": len(set(sys.modules) - before)}
"""


@final
@frozen
class Listing:
    """One plugin's import and hooks, with nothing else loaded before.

    Args:
        milliseconds: Of both together; 0 where there was no answer.
        modules: How many were imported for it.
        heavy: Those that nobody should pay for who only lists: torch and its like.
    """

    entry_point: str
    value: str
    state: str
    reason: str = ""
    milliseconds: float = 0.0
    modules: int = 0
    heavy: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def measure(report: PluginReport) -> Listing:
    """Load one plugin in a process of its own."""
    answer = ask(_LOAD, report.key, timeout=_TIMEOUT)
    if answer.failure:
        return Listing(report.entry_point, report.value, "failed", answer.failure)
    found = {**answer.data, "heavy": tuple(answer.data["heavy"])}
    return Listing(report.entry_point, report.value, **found)


def look_at_listings(listings: list[Listing]) -> Iterator[Finding]:
    """A line per plugin: its time, or what is wrong with it."""
    for listing in listings:
        whose = f"{listing.entry_point} = {listing.value}"
        if listing.state != "loaded":
            mend = "what it names must import, and its hooks return specs"
            state = "has failed" if listing.state == "failed" else f"is {listing.state}"
            yield Finding("listing", f"{whose} {state}: {listing.reason}", "problem", mend)
        elif listing.heavy:
            said = f"{whose} pulls in {', '.join(listing.heavy)} when it is only listed"
            yield Finding(
                "listing", said, "problem", "import that where a component is defined, not where it is declared"
            )
        elif listing.milliseconds > _SLOW:
            said = f"{whose} takes {listing.milliseconds / 1e3:.1f} s, whenever anybody lists components"
            yield Finding("listing", said, "note", "do at import what declaring needs, and nothing else")
        else:
            modules = counted(listing.modules, "module")
            yield Finding("listing", f"{whose}: {listing.milliseconds:.1f} ms, {modules}, nothing heavy")
