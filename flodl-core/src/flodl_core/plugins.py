"""The plugin host: finds plugins, loads each alone, and tells what became of it.

Nothing happens at import. pluggy's own entry-point loader stops at the first broken plugin and
drops a second distribution that uses the same entry-point name, so the loop is ours: each plugin
gets a pluggy manager of its own, which checks its hooks against `hookspecs`, and a failure stays
with the plugin that caused it.
"""

from __future__ import annotations

import importlib.metadata
import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, final

import pluggy
from attrs import define, evolve, field, frozen

from flodl_core import hookspecs
from flodl_core.component import KINDS, ComponentSpec
from flodl_core.errors import did_you_mean
from flodl_core.hookspecs import HOOKS
from flodl_core.policy import DENY, Policy, canonical
from flodl_core.provider import Component, Origin

GROUP = "flodl"
FIRST_PARTY = frozenset({"flodl-core", "flodl-nn", "flodl-graph", "flodl-monitor", "flodl-cli"})
HEAVY = ("torch", "numpy", "scipy", "pandas", "sklearn", "tensorflow", "jax", "transformers", "matplotlib")

_log = logging.getLogger("flodl.plugins")  # with no logging set up, a warning is one bare line on stderr


@final
@frozen
class PluginReport:
    """What became of one plugin.

    Args:
        state: `waiting` (not asked yet), `loaded`, `faulty` (loaded, but not all of it is usable),
            `failed` (not loaded) or `disabled` (by the policy).
        reason: Why it is faulty, failed or disabled.
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
        return f"plugin {self.distribution} {self.version} (entry point {self.entry_point!r} -> {self.value})"


@final
@frozen
class Problem:
    """Something a person should know about a plugin; `str()` is one line."""

    plugin: PluginReport | None
    what: str
    mend: str

    def __str__(self) -> str:
        subject = f"{self.plugin}: " if self.plugin else ""
        return " ".join(f"{subject}{self.what}; {self.mend}".split())


@define
class _Plugin:
    """A plugin on its way: how to import it, and its report so far."""

    load: Callable[[], object]
    report: PluginReport
    components: list[Component] = field(factory=list)


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

    def reports(self) -> tuple[PluginReport, ...]:
        """One report per plugin, in the order of distribution and entry point. Loads nothing."""
        return tuple(plugin.report for plugin in self._found())

    def problems(self) -> tuple[Problem, ...]:
        """What went wrong so far."""
        return tuple(self._problems)

    def tell(self, problem: Problem) -> None:
        """Keep a problem, and say it once: one line in the log, which by default is stderr."""
        if str(problem) not in self._told:
            self._told.add(str(problem))
            self._problems.append(problem)
            _log.warning("%s", problem)

    def add(self, plugin: object, name: str) -> None:
        """Take in a plugin object that no distribution declares: a session's own, a test's."""
        report = PluginReport("session", "0", name, getattr(plugin, "__name__", type(plugin).__name__), builtin=False)
        self._found().append(_Plugin(lambda: plugin, report))

    def load(self, wanted: Callable[[PluginReport], bool]) -> list[Component]:
        """Load the waiting plugins that are wanted; return the components they brought."""
        brought: list[Component] = []
        for plugin in self._found():
            if plugin.report.state == "waiting" and wanted(plugin.report):
                self._load(plugin)
                brought += plugin.components
        return brought

    def _found(self) -> list[_Plugin]:
        if self._plugins is None:
            self._plugins = [self._admit(plugin) for plugin in _discover()]
            self._check_policy()
        return self._plugins

    def _admit(self, plugin: _Plugin) -> _Plugin:
        report = plugin.report
        reason = self.policy.reason_against(report.distribution, report.entry_point, builtin=report.builtin)
        if reason:
            plugin.report = evolve(report, state="disabled", reason=reason)
        return plugin

    def _check_policy(self) -> None:
        """A name in the policy that fits no plugin is a typing mistake: say so."""
        reports = self.reports()
        known = {canonical(name) for report in reports for name in (report.distribution, report.entry_point)}
        for name in sorted(self.policy.names - known):
            self.tell(Problem(None, f"no installed plugin is called {name!r}", _nearest_plugin(name, known)))

    def _load(self, plugin: _Plugin) -> None:
        before, start = set(sys.modules), time.perf_counter()
        plugin.report = evolve(plugin.report, state="loading")
        try:
            faults = list(_gather(plugin))
            state = "faulty" if faults else "loaded"
        except (Exception, SystemExit) as error:
            faults, state = [f"{type(error).__name__}: {error}"], "failed"
        except BaseException:
            plugin.report = evolve(plugin.report, state="waiting")
            raise
        heavy = tuple(name for name in HEAVY if name in sys.modules and name not in before)
        plugin.report = evolve(
            plugin.report, state=state, reason="; ".join(faults), seconds=time.perf_counter() - start, heavy=heavy
        )
        if faults:
            self.tell(Problem(plugin.report, plugin.report.reason, f"disable: {DENY}={plugin.report.distribution}"))


def _discover() -> Iterator[_Plugin]:
    """Every installed plugin, built-in ones first, in an order that sys.path has no say in."""
    found: dict[tuple[bool, str, str, str], _Plugin] = {}
    for entry_point in importlib.metadata.entry_points(group=GROUP):
        distribution, version = _provider(entry_point)
        builtin = distribution in FIRST_PARTY
        report = PluginReport(distribution, version, entry_point.name, entry_point.value, builtin)
        key = (not builtin, distribution, entry_point.name, entry_point.value)
        found.setdefault(key, _Plugin(entry_point.load, report))  # the same one twice: editable and installed
    return (plugin for _, plugin in sorted(found.items(), key=lambda item: item[0]))


def _provider(entry_point: importlib.metadata.EntryPoint) -> tuple[str, str]:
    """Name and version of the distribution; a damaged one has neither."""
    try:
        distribution = entry_point.dist
        name = distribution.metadata["Name"] if distribution else None
        version = distribution.version if distribution else None
    except Exception:
        name = version = None
    return canonical(name or "unknown"), version or "?"


def _gather(plugin: _Plugin) -> Iterator[str]:
    """Import the plugin, call its hooks, keep its components; yield what is wrong with it."""
    loaded = plugin.load()
    manager = pluggy.PluginManager("flodl")
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(loaded, name=plugin.report.key)
    except pluggy.PluginValidationError as error:
        raise TypeError(_validation_message(error)) from None
    callers = manager.get_hookcallers(loaded) or []
    for caller in sorted(callers, key=lambda caller: caller.name):
        if caller.name not in HOOKS:
            yield f"unknown hook {caller.name!r}, {_nearest_hook(caller.name)}"
            continue
        for implementation in caller.get_hookimpls():
            yield from _call(plugin, caller.name, implementation.function)
    unmarked = [
        name for name in HOOKS if callable(getattr(loaded, name, None)) and name not in {c.name for c in callers}
    ]
    for name in unmarked:
        yield f"{name} is not marked @hookimpl"
    if not callers and not unmarked:
        yield "it implements no hook"


def _validation_message(error: pluggy.PluginValidationError) -> str:
    """Pluggy's message without its dump of the plugin: the line that says what is wrong."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if not line.lower().startswith(("plugin ", "hookimpl definition"))]
    return " ".join(telling or lines)


def _call(plugin: _Plugin, hook: str, function: Callable[[], object]) -> Iterator[str]:
    """Call one hook; all it declares counts, or nothing of it when it raises half way."""
    try:
        answer = function()
        specs = list(answer) if isinstance(answer, Iterable) else None
    except (Exception, SystemExit) as error:
        yield f"{hook} raised {type(error).__name__}: {error}"
        return
    if specs is None:
        yield f"{hook} returned {_article(answer)}, not an iterable of specs"
        return
    due, held = KINDS[HOOKS[hook]], {(c.kind, c.name) for c in plugin.components}
    for spec in specs:
        if type(spec) is not due:
            yield f"{hook} yielded {_article(spec)}, due is {due.__name__}"
        elif (spec.kind, spec.name) in held:
            yield f"{hook} yielded {spec.name!r} twice"
        else:
            held.add((spec.kind, spec.name))
            plugin.components.append(Component(spec, _origin(plugin.report)))


def _origin(report: PluginReport) -> Origin:
    return Origin(report.distribution, report.version, report.entry_point, report.builtin)


def _article(value: Any) -> str:
    name = value.__name__ if isinstance(value, type) and issubclass(value, ComponentSpec) else type(value).__name__
    return f"a {name}" if value is not None else "None"


def _nearest_hook(name: str) -> str:
    return did_you_mean(name, HOOKS, n=1) or "which a newer flodl-core may know"


def _nearest_plugin(name: str, known: Iterable[str]) -> str:
    return did_you_mean(name, known) or f"known: {', '.join(sorted(known)) or 'none'}"
