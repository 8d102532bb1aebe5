"""The plugin host: finds plugins, loads each alone, and tells what became of it.

Nothing happens at import. pluggy's own entry-point loader stops at the first broken plugin and
drops a second distribution that uses the same entry-point name, so the loop is ours, and a failure
stays with the plugin that caused it.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Collection, Iterator
from typing import final

from attrs import define, evolve, field, frozen

from flodl_core.component import ComponentSpec
from flodl_core.declarations import cause, declared
from flodl_core.discovery import FIRST_PARTY as FIRST_PARTY
from flodl_core.discovery import Found, discover
from flodl_core.errors import PluginError, did_you_mean
from flodl_core.guard import one_line, stdout_to_stderr
from flodl_core.policy import ALLOW, DENY, Policy, canonical
from flodl_core.provider import Component, Origin

SESSION = "session"
HEAVY = ("torch", "numpy", "scipy", "pandas", "sklearn", "tensorflow", "jax", "transformers", "matplotlib")


@final
@frozen
class PluginReport:
    """What became of one plugin.

    Args:
        state: `waiting` (not asked yet), `loading`, `loaded`, `faulty` (loaded, but not all of it is usable),
            `failed` (not loaded) or `disabled` (by the policy).
        reason: Why it is faulty, failed or disabled; one line.
        seconds: Time its import and hooks took.
        heavy: Heavy libraries that its import pulled in, such as torch.
    """

    distribution: str
    version: str
    entry_point: str
    value: str
    builtin: bool
    state: str = "waiting"
    reason: str = ""
    seconds: float = 0.0
    heavy: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """`distribution:entry point`."""
        return f"{self.distribution}:{self.entry_point}"

    def __str__(self) -> str:
        whose = f"{self.distribution} {self.version}".strip()
        return f"plugin {whose} (entry point {self.entry_point!r} -> {self.value})"


@final
@frozen
class Problem:
    """Something a person should know about a plugin; `str()` is one line."""

    plugin: PluginReport | None
    what: str
    mend: str

    def __str__(self) -> str:
        subject = f"{self.plugin}: " if self.plugin else ""
        return f"{one_line(subject + self.what)}; {one_line(self.mend)}"


@define
class _Plugin:
    """A plugin on its way: how to import it, its report so far, and what it brought before it was through."""

    load: Callable[[], object]
    report: PluginReport
    fault: str = ""
    begun: Callable[[], object | None] = lambda: None
    early: list[Component] = field(factory=list)


@final
class PluginHost:
    """All plugins of this process, each loaded at most once and on its own.

    Args:
        policy: Who may load; default: what the environment says when first asked.
    """

    def __init__(self, policy: Policy | None = None) -> None:
        self._policy = policy
        self._plugins: list[_Plugin] | None = None
        self._problems: list[Problem] = []
        self._told: set[str] = set()

    @property
    def policy(self) -> Policy:
        """Who may load."""
        if self._policy is None:
            self._policy = Policy.from_environment()
        return self._policy

    @property
    def loading(self) -> PluginReport | None:
        """The plugin that is being loaded at this moment."""
        return next((plugin.report for plugin in self._plugins or () if plugin.report.state == "loading"), None)

    def reports(self) -> tuple[PluginReport, ...]:
        """One report per plugin, in the order of distribution and entry point. Loads nothing."""
        return tuple(plugin.report for plugin in self._found())

    def problems(self) -> tuple[Problem, ...]:
        """What went wrong so far."""
        return tuple(self._problems)

    def tell(self, problem: Problem) -> None:
        """Keep a problem, and say it once: one line on stderr, whatever plugins did to `logging`."""
        if str(problem) in self._told:
            return
        self._told.add(str(problem))
        self._problems.append(problem)
        if sys.stderr is not None:
            with contextlib.suppress(OSError, ValueError):  # closed, or a pipe that nobody reads
                print(problem, file=sys.stderr)

    def add(self, plugin: object, name: str) -> None:
        """Take in a plugin object that no distribution declares; it replaces an earlier one of that name."""
        value = one_line(getattr(plugin, "__name__", type(plugin).__name__))
        report = PluginReport(SESSION, "", name, value, builtin=False)  # a distribution has a version, or "?"
        self._plugins = [
            other for other in self._found() if (other.report.key, other.report.version) != (report.key, "")
        ]
        self._plugins.append(_Plugin(lambda: plugin, report))

    def load(self, wanted: Callable[[PluginReport], bool]) -> Iterator[list[Component]]:
        """Load the waiting plugins that are wanted, one at a time; yield what each brought."""
        for plugin in self._found():
            if plugin.report.state == "waiting" and wanted(plugin.report):
                yield self._load(plugin)
            elif plugin.report.state == "loading":
                yield _so_far(plugin)

    def _found(self) -> list[_Plugin]:
        if self._plugins is None:
            found, unreadable = discover()
            self._plugins = [self._admit(plugin) for plugin in found]
            self._check_policy()
            for what in unreadable:
                self.tell(Problem(None, what, "reinstall it, or remove that folder's leftovers"))
        return self._plugins

    def _admit(self, found: Found) -> _Plugin:
        name, value = one_line(found.entry_point.name), one_line(found.entry_point.value)
        report = PluginReport(found.distribution, found.version, name, value, found.builtin)
        if reason := self.policy.reason_against(report.distribution, report.entry_point, builtin=report.builtin):
            report = evolve(report, state="disabled", reason=reason)
        return _Plugin(found.load, report, found.fault, found.begun)

    def _check_policy(self) -> None:
        """A name in the policy that fits no plugin is a typing mistake: say so."""
        distributions = {report.distribution for report in self.reports()}
        points = {canonical(report.entry_point) for report in self.reports()}
        self._check_names(ALLOW, self.policy.allowed or (), distributions)
        self._check_names(DENY, self.policy.denied, distributions | points)

    def _check_names(self, variable: str, names: Collection[str], known: set[str]) -> None:
        for name in sorted(set(names) - known):
            mend = did_you_mean(name, known) or f"installed: {', '.join(sorted(known)) or 'none'}"
            self.tell(Problem(None, f"{variable} names {name!r}, but no installed plugin is called so", mend))

    def _load(self, plugin: _Plugin) -> list[Component]:
        report, start = plugin.report, time.perf_counter()
        before = [name for name in HEAVY if name in sys.modules]
        plugin.report = evolve(report, state="loading")
        components: list[Component] = []
        try:
            with stdout_to_stderr():
                specs, faults = declared(plugin.load(), report.key)
            components = _new(plugin, specs)
            faults += [plugin.fault] if plugin.fault else []
            state = "faulty" if faults else "loaded"
        except KeyboardInterrupt:
            plugin.report = report
            raise
        except BaseException as error:  # SystemExit, and panics of extension modules, which are no Exceptions
            faults, state = [cause(error)], "faulty" if plugin.early else "failed"
        plugin.report = evolve(
            report,
            state=state,
            reason=_in_short(faults),
            seconds=time.perf_counter() - start,
            heavy=tuple(name for name in HEAVY if name in sys.modules and name not in before),
        )
        if faults:
            self.tell(Problem(plugin.report, plugin.report.reason, f"disable: {DENY}={report.distribution}"))
        return components


def _so_far(plugin: _Plugin) -> list[Component]:
    """What a plugin that asks while it is imported has declared until now; what is wrong with it is told at its end."""
    begun = plugin.begun()
    try:
        specs = [] if begun is None else declared(begun, plugin.report.key)[0]
    except PluginError:
        return []
    components = _new(plugin, specs)
    plugin.early += components
    return components


def _new(plugin: _Plugin, specs: list[ComponentSpec]) -> list[Component]:
    known = {component.id for component in plugin.early}
    made = [Component(spec, _origin(plugin.report)) for spec in specs]
    return [component for component in made if component.id not in known]


def _origin(report: PluginReport) -> Origin:
    return Origin(report.distribution, report.version, report.entry_point, report.builtin)


def _in_short(faults: list[str]) -> str:
    more = [f"and {len(faults) - 3} more"] if len(faults) > 4 else []
    return one_line("; ".join([*faults[: 3 if more else 4], *more]))
