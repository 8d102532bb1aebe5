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
from contextlib import contextmanager
from typing import Any, final

from flodl_core.component import KINDS
from flodl_core.discovery import FIRST_PARTY
from flodl_core.errors import ComponentError, PluginError, UnknownComponent
from flodl_core.guard import shown
from flodl_core.names import Name, a_kind, kind_named, plural
from flodl_core.plugins import SESSION, PluginHost, PluginReport, Problem
from flodl_core.policy import Policy
from flodl_core.provider import Component, Origin
from flodl_core.reference import FrozenTable, Ref, Reference, as_reference
from flodl_core.shelf import Shelf, choose
from flodl_core.suggestions import suggestions
from flodl_core.where import caller

PATIENCE = 120.0
"""Seconds a thread waits for another one that loads plugins, before it calls that a deadlock."""


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
        self._session: dict[str, object] = {}
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
        component = choose(wanted, found)
        self._warn_if_deprecated(component)
        return component

    def list(self, kind: str | None = None, *, deprecated: bool = False) -> tuple[Component, ...]:
        """All components, of one kind or of all, sorted by kind, name and distribution. Loads every plugin.

        Args:
            kind: One kind only.
            deprecated: Include what is deprecated.
        """
        kinds = self.kinds if kind is None else (_checked(kind),)
        with self._alone():
            self._load_plugins()
            chosen = [c for k in kinds for c in self._shelves[k] if deprecated or c.spec.deprecated is None]
        return tuple(sorted(chosen, key=lambda c: (self.kinds.index(c.kind), c.name, c.origin.distribution)))

    def create(self, kind: str, reference: Reference, /, *args: Any, **kwargs: Any) -> Any:
        """Make what a reference describes; an object is itself.

        Args:
            args: Go before the reference's own positional arguments.
            kwargs: Defaults, which the reference's own keywords overrule.

        Raises:
            ComponentError: The arguments do not fit, or a class was given where an object is due.
        """
        kind, wanted = _checked(kind), as_reference(reference)
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
        if known is None:
            with self._alone():
                self._load_builtins()
                shelf = self._shelves[_checked(kind)]
                known = next((c for c in shelf if c.origin.builtin and c.is_class(made)), None)
            if known is not None:  # a class that is none now may be one when more is imported
                self._classes[kind, made] = known
        return known

    def register(self, plugin: object, name: str = SESSION) -> None:
        """Take in a plugin object of this session: a module or namespace with `@hookimpl` functions.

        Its components have the distribution `session`; they never win over an installed name. A
        second plugin of the same name replaces the first: a notebook's cell may run again.
        """
        with self._alone():
            self._session[name] = plugin
            for shelf in self._shelves.values():
                for component in [c for c in shelf if _of_session(c, name)]:
                    shelf.remove(component)
            self._host.add(plugin, name)
            if self._loaded_all:
                self._take(self._host.load(lambda report: True))

    def plugins(self) -> tuple[PluginReport, ...]:
        """What became of each plugin. Loads nothing; `list()` before it loads all."""
        with self._alone():
            return self._host.reports()

    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with plugins and names, as far as they were loaded."""
        return self._host.problems()

    def refresh(self) -> None:
        """Look again: something was installed or removed while this process ran.

        Raises:
            PluginError: It is called by a plugin that is being loaded.
        """
        with self._alone():
            if self._host.loading:
                raise PluginError(f"refresh() was called while {self._host.loading} is being loaded")
            importlib.invalidate_caches()
            self._reset()
            for name, plugin in self._session.items():
                self._host.add(plugin, name)

    def _reset(self) -> None:
        self._builtins_ready = self._loaded_all = False
        self._host = PluginHost(self._given_policy)
        self._shelves = {kind: Shelf() for kind in KINDS}
        self._classes: dict[tuple[str, type], Component] = {}

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One thread at a time; the same thread may come again, as a plugin does that asks while it is loaded."""
        if not self._lock.acquire(timeout=PATIENCE):
            raise PluginError(
                f"another thread has been loading plugins for {PATIENCE:.0f} s: {self._host.loading}",
                mend="a plugin must not wait for the registry while it is imported",
            )
        try:
            yield
        finally:
            self._lock.release()

    def _lookup(self, name: Name) -> Sequence[Component]:
        if self._builtins_ready:  # without the lock: what is built in is there while others load plugins
            found = self._shelves[name.kind].matches(name)
            if found and found[0].origin.builtin:
                return found
        with self._alone():
            self._load_builtins()
            found = self._shelves[name.kind].matches(name)
            if (found and found[0].origin.builtin) or name.distribution in FIRST_PARTY:
                return found
            self._load_plugins()
            return self._shelves[name.kind].matches(name)

    def _load_builtins(self) -> None:
        if not self._builtins_ready:
            self._take(self._host.load(lambda report: report.builtin))
            self._builtins_ready = True

    def _load_plugins(self) -> None:
        if not self._loaded_all:
            self._load_builtins()
            self._take(self._host.load(lambda report: True))
            self._loaded_all = self._host.loading is None

    def _take(self, brought: Iterable[Sequence[Component]]) -> None:
        """Put on the shelves what each plugin brings, at once: the next one may ask for it."""
        for components in brought:
            for component in components:
                self._put(component)

    def _put(self, component: Component) -> None:
        shelf = self._shelves[component.kind]
        if twin := shelf.twin(component):
            what = f"{component.kind} {component.name!r} is also brought by the entry point {twin.origin.entry_point!r}"
            self._tell(component, what, f"the one of {twin.origin.entry_point!r} counts")
            return
        shelf.add(component)
        for what in shelf.clashes(component):
            self._tell(component, what, f"write {component.qualified!r} for this one")

    def _tell(self, component: Component, what: str, mend: str) -> None:
        key = f"{component.origin.distribution}:{component.origin.entry_point}"
        report = next((r for r in self._host.reports() if r.key == key), None)
        self._host.tell(Problem(report, what, mend))

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
            place = caller()  # the user's line, however deep in flodl the name was looked up
            warnings.warn_explicit(message, FutureWarning, place.file, place.line)

    def _unknown(self, name: Name, text: str) -> UnknownComponent:
        with self._alone():
            hints = list(suggestions(name, self._shelves, self._host.reports()))
        return UnknownComponent(
            f"no {name.kind.replace('_', ' ')} is called {shown(text)}",
            mend="; ".join(hints) or f"flodl list {plural(name.kind)} shows all",
        )


components = Registry()
"""The registry of this process."""


def _checked(kind: object) -> str:
    return kind if isinstance(kind, str) and kind in KINDS else kind_named(kind)


def _of_session(component: Component, name: str) -> bool:
    return component.origin == Origin(SESSION, "", name)


def _an_object(kind: str, value: Any) -> Any:
    if isinstance(value, type):
        raise ComponentError(
            f"{a_kind(kind)} is due, got the class {value.__name__}", mend=f"call it: {value.__name__}(...)"
        )
    if value is None or isinstance(value, bool | int | float | bytes | Mapping | list | tuple):
        raise ComponentError(
            f"{a_kind(kind)} is due, got {shown(value)}",
            mend='give an object, a name, ref("name", ...) or ("name", {...})',
        )
    return value
