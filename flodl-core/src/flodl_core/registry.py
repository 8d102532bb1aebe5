"""Names to components: find, list, create; with provenance, suggestions and one rule for collisions.

The rule: a built-in wins over a plugin, which is said once; of two plugins neither wins, and the
bare name is an error that tells both full names. `distribution/name` always works. Installation
order has no say.
"""

from __future__ import annotations

import importlib
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, final

from attrs import define, field

from flodl_core.component import KINDS
from flodl_core.errors import AmbiguousComponent, ComponentError, UnknownComponent, did_you_mean
from flodl_core.names import Name, kind_named, plural
from flodl_core.plugins import FIRST_PARTY, PluginHost, PluginReport, Problem
from flodl_core.policy import Policy
from flodl_core.provider import Component
from flodl_core.reference import FrozenTable, Ref, Reference, as_reference

_HOME = {
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


@define
class _Shelf:
    """The components of one kind, by name and by alias, several per name."""

    names: dict[str, list[Component]] = field(factory=dict)
    aliases: dict[str, list[Component]] = field(factory=dict)

    def add(self, component: Component) -> None:
        self.names.setdefault(component.name, []).append(component)
        for alias in component.spec.aliases:
            self.aliases.setdefault(alias, []).append(component)

    def matches(self, name: Name) -> list[Component]:
        """Everything the name may mean; a name goes before an alias."""
        for shelf in (self.names, self.aliases):
            found = [c for c in shelf.get(name.bare, ()) if name.distribution in (None, c.origin.distribution)]
            if found:
                return found
        return []

    def known(self) -> set[str]:
        return {*self.names, *self.aliases}

    def __iter__(self) -> Iterator[Component]:
        return (component for held in self.names.values() for component in held)


@final
class Registry:
    """All components of this process, by name. Reads nothing until it is first asked.

    Args:
        policy: Which plugins may load; default: what the environment says.

    >>> Registry().kinds[:3]
    ('module', 'loss', 'optimizer')
    """

    def __init__(self, policy: Policy | None = None) -> None:
        self._given_policy = policy
        self._lock = threading.RLock()
        self._warned: set[str] = set()
        self._session: list[tuple[object, str]] = []
        self._reset()

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of components, singular."""
        return tuple(KINDS)

    @property
    def policy(self) -> Policy:
        """Which plugins may load."""
        return self._host.policy

    def find(self, kind: str, name: str) -> Component:
        """The component that a name means.

        A built-in is found without loading any third-party plugin; only a miss loads them.

        Args:
            kind: `"module"`, `"loss"`, ...
            name: `[kind:][distribution/]name`, or an alias.

        Raises:
            UnknownKind, UnknownComponent, AmbiguousComponent: With suggestions.
        """
        wanted = Name.parse(_checked(kind), name)
        found = self._lookup(wanted)
        if not found:
            raise self._unknown(wanted, name)
        component = _choose(wanted, found)
        self._warn_if_deprecated(component)
        return component

    def list(self, kind: str | None = None, *, deprecated: bool = False) -> tuple[Component, ...]:
        """All components, of one kind or of all, sorted by kind, name and distribution. Loads every plugin.

        Args:
            kind: One kind only.
            deprecated: Include what is deprecated.
        """
        self._load_plugins()
        kinds = self.kinds if kind is None else (_checked(kind),)
        chosen = [c for k in kinds for c in self._shelves[k] if deprecated or c.spec.deprecated is None]
        return tuple(sorted(chosen, key=lambda c: (self.kinds.index(c.kind), c.name, c.origin.distribution)))

    def create(self, kind: str, reference: Reference, *args: Any, **kwargs: Any) -> Any:
        """Make what a reference describes; an object is itself.

        Args:
            args: Go before the reference's own positional arguments.
            kwargs: Defaults, which the reference's own keywords overrule.

        Raises:
            ComponentError: The arguments do not fit, or a class was given where an object is due.
        """
        wanted = as_reference(reference)
        if not isinstance(wanted, Ref):
            return _an_object(kind, wanted)
        own = {key: self._argument(kind, value) for key, value in wanted.kwargs.items()}
        positional = [self._argument(kind, value) for value in wanted.args]
        return self.find(kind, wanted.name).create(*args, *positional, **{**kwargs, **own})

    def builtin_class(self, kind: str, made: type) -> Component | None:
        """The built-in component whose factory is the class `made`, if there is one. Loads no plugin, imports nothing.

        Only built-ins count, so that the answer does not depend on which plugins happen to be loaded.
        """
        known = self._classes.get((kind, made))
        if known is None and (kind, made) not in self._classes:
            with self._lock:
                self._take(self._host.load(lambda report: report.builtin))
                shelf = self._shelves[_checked(kind)]
                known = next((c for c in shelf if c.origin.builtin and c.is_class(made)), None)
                self._classes[kind, made] = known
        return known

    def register(self, plugin: object, name: str = "session") -> None:
        """Take in a plugin object of this session: a module or namespace with `@hookimpl` functions.

        Its components have the distribution `session`; they never win over an installed name.
        """
        with self._lock:
            self._session.append((plugin, name))
            self._host.add(plugin, name)
            if self._loaded_all:
                self._take(self._host.load(lambda report: report.distribution == "session"))

    def plugins(self) -> tuple[PluginReport, ...]:
        """What became of each plugin. Loads nothing; `list()` before it loads all."""
        return self._host.reports()

    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with plugins and names, as far as they were loaded."""
        return self._host.problems()

    def refresh(self) -> None:
        """Look again: something was installed or removed while this process ran."""
        with self._lock:
            importlib.invalidate_caches()
            self._reset()
            for plugin, name in self._session:
                self._host.add(plugin, name)

    def _reset(self) -> None:
        self._host = PluginHost(self._given_policy)
        self._shelves = {kind: _Shelf() for kind in KINDS}
        self._classes: dict[tuple[str, type], Component | None] = {}
        self._loaded_all = False

    def _lookup(self, name: Name) -> Sequence[Component]:
        with self._lock:
            self._take(self._host.load(lambda report: report.builtin))
            shelf = self._shelves[name.kind]
            found = shelf.matches(name)
            if found or name.distribution in FIRST_PARTY:
                return found
            self._load_plugins()
            return shelf.matches(name)

    def _load_plugins(self) -> None:
        with self._lock:
            self._take(self._host.load(lambda report: report.builtin))
            self._take(self._host.load(lambda report: True))
            self._loaded_all = True

    def _take(self, components: Iterable[Component]) -> None:
        for component in components:
            shelf = self._shelves[component.kind]
            rivals = [rival for rival in shelf.names.get(component.name, ()) if rival is not component]
            shelf.add(component)
            if rivals:
                self._tell_collision(component, rivals)

    def _tell_collision(self, component: Component, rivals: Iterable[Component]) -> None:
        builtin = next((rival for rival in rivals if rival.origin.builtin), None)
        report = next((r for r in self._host.reports() if r.key == _plugin_key(component)), None)
        if builtin:
            what = f"{component.kind} {component.name!r} is built in; the bare name stays {builtin.qualified}"
        else:
            what = f"{component.kind} {component.name!r} is also {', '.join(sorted(r.qualified for r in rivals))}"
        self._host.tell(Problem(report, what, f"write {component.qualified!r} for this one"))

    def _argument(self, kind: str, value: Any) -> Any:
        """A reference among the arguments is made too: of its own kind when it says so, else of the outer one."""
        if isinstance(value, Ref):
            prefix, colon, _ = value.name.partition(":")
            return self.create(prefix if colon and prefix in KINDS else kind, value)
        if isinstance(value, FrozenTable):
            return {key: self._argument(kind, item) for key, item in value.items()}
        if isinstance(value, tuple):
            return tuple(self._argument(kind, item) for item in value)
        return value

    def _warn_if_deprecated(self, component: Component) -> None:
        if component.spec.deprecated is not None and component.id not in self._warned:
            self._warned.add(component.id)
            message = f"{component.kind} {component.name!r} is deprecated: {component.spec.deprecated}"
            warnings.warn(message, FutureWarning, stacklevel=3)

    def _unknown(self, name: Name, text: str) -> UnknownComponent:
        hints = [hint for hint in self._hints(name) if hint]
        return UnknownComponent(
            f"no {name.kind.replace('_', ' ')} is called {text!r}",
            mend="; ".join(hints) or f"flodl list {plural(name.kind)} shows all",
        )

    def _hints(self, name: Name) -> Iterator[str | None]:
        shelf = self._shelves[name.kind]
        if name.distribution is not None:
            brought = {c.origin.distribution for c in shelf}
            yield did_you_mean(name.distribution, brought - {name.distribution})
        yield did_you_mean(name.bare, shelf.known())
        others = [kind for kind, other in self._shelves.items() if kind != name.kind and name.bare in other.known()]
        if others:
            yield f"{name.bare!r} is a {' and a '.join(others)}".replace("_", " ")
        home = _HOME.get(name.kind)
        if home and home not in {report.distribution for report in self.plugins()}:
            yield f"flodl's own {plural(name.kind)} come with {home}: pip install {home}"
        failed = [r for r in self.plugins() if r.state == "failed" or (r.builtin and r.state == "disabled")]
        if failed:
            yield f"not loaded: {', '.join(f'{r.distribution} {r.version} ({r.state})' for r in failed)}"


components = Registry()
"""The registry of this process."""


def _checked(kind: str) -> str:
    return kind if kind in KINDS else kind_named(kind)


def _plugin_key(component: Component) -> str:
    return f"{component.origin.distribution}:{component.origin.entry_point}"


def _choose(name: Name, found: Sequence[Component]) -> Component:
    """A built-in, or the only one; of one distribution's, the first by entry point."""
    builtin = [component for component in found if component.origin.builtin]
    candidates = builtin or found
    if len({component.origin.distribution for component in candidates}) == 1:
        return candidates[0]
    qualified = sorted(component.qualified for component in candidates)
    raise AmbiguousComponent(
        f"{len(qualified)} plugins bring a {name.kind.replace('_', ' ')} called {name.bare!r}",
        mend=f"write {' or '.join(map(repr, qualified))}",
    )


def _an_object(kind: str, value: Any) -> Any:
    if isinstance(value, type):
        raise ComponentError(
            f"a {kind.replace('_', ' ')} is due, got the class {value.__name__}", mend=f"call it: {value.__name__}(...)"
        )
    if value is None or isinstance(value, bool | int | float | bytes | Mapping | list | tuple):
        raise ComponentError(
            f"a {kind.replace('_', ' ')} is due, got {value!r}",
            mend='give an object, a name, ref("name", ...) or ("name", {...})',
        )
    return value
