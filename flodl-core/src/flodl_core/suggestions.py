"""What a person may have meant, and where it could be: the last line of `UnknownComponent`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from flodl_core.errors import did_you_mean
from flodl_core.names import Name, a_kind, plural
from flodl_core.plugins import PluginReport
from flodl_core.shelf import Shelf

HOME = {
    "module": "flodl-nn",
    "loss": "flodl-nn",
    "optimizer": "flodl-nn",
    "scheduler": "flodl-nn",
    "initializer": "flodl-nn",
    "merge_op": "flodl-graph",
    "word": "flodl-graph",
    "sink": "flodl-monitor",
    "probe": "flodl-monitor",
    "command": "flodl-cli",
}
"""Which of flodl's own distributions brings most of a kind: to say what to install."""


def suggestions(name: Name, shelves: Mapping[str, Shelf], reports: Iterable[PluginReport]) -> Iterator[str]:
    """Everything that may help with a name that means nothing, the likeliest first."""
    reports = tuple(reports)
    yield from _near_names(name, shelves[name.kind])
    yield from _other_kinds(name, shelves)
    yield from _missing_home(name.kind, reports)
    yield from _not_loaded(name, reports)


def _near_names(name: Name, shelf: Shelf) -> Iterator[str]:
    if name.distribution is not None:
        brought = {component.origin.distribution for component in shelf}
        if name.distribution not in brought and (near := did_you_mean(name.distribution, brought)):
            yield near
    if near := did_you_mean(name.bare, shelf.known(), meaning=shelf.known()):
        yield near


def _other_kinds(name: Name, shelves: Mapping[str, Shelf]) -> Iterator[str]:
    others = [kind for kind, shelf in shelves.items() if kind != name.kind and name.bare in shelf.known()]
    if others:
        yield f"{name.bare!r} is {' and '.join(map(a_kind, others))}"


def _missing_home(kind: str, reports: tuple[PluginReport, ...]) -> Iterator[str]:
    home = HOME.get(kind)
    if home and home not in {report.distribution for report in reports}:
        yield f"flodl's own {plural(kind).replace('_', ' ')} come with {home}: pip install {home}"


def _not_loaded(name: Name, reports: tuple[PluginReport, ...]) -> Iterator[str]:
    """A missing name usually lives in the plugin that did not load."""
    failed = [report for report in reports if report.state in ("failed", "faulty")]
    if failed:
        yield f"not loaded, or not wholly: {_reasons(failed)}"
    disabled = [report for report in reports if report.state == "disabled"]
    named = [r for r in disabled if r.builtin or r.distribution == name.distribution] or disabled
    if named:
        yield f"disabled: {_reasons(named)}"


def _reasons(reports: list[PluginReport]) -> str:
    more = [f"and {len(reports) - 3} more"] if len(reports) > 3 else []
    return ", ".join([*(f"{r.distribution} {r.version} ({r.reason})" for r in reports[:3]), *more])
