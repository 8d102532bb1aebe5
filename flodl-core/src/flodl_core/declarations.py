"""What a plugin object declares: its hooks, checked by pluggy against `hookspecs`, called one by one.

Each call is apart from the others: pluggy's own call of a hook loses everybody's answers when one
implementation raises, and lets a generator raise when it is too late to know whose it was.
"""

from __future__ import annotations

import inspect
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from types import ModuleType
from typing import Any, final

import pluggy

from flodl_core import hookspecs
from flodl_core.component import KINDS, ComponentSpec
from flodl_core.errors import PluginError, did_you_mean
from flodl_core.guard import said
from flodl_core.hookspecs import HOOKS

_one_at_a_time = threading.RLock()

_UNKNOWN_FIELD = re.compile(r"(Spec|Example|Layout)\.__init__\(\) got an unexpected keyword argument")

MOST = 10_000
"""More specs than this from one hook are a generator that never ends."""


def declared(plugin: object, name: str) -> tuple[list[ComponentSpec], list[str]]:
    """The specs that a plugin's hooks yield, and what is wrong with it, a line each.

    Args:
        plugin: A module, or any object with `@hookimpl` functions.
        name: What pluggy calls it.

    Raises:
        PluginError: It cannot be a plugin at all: `None`, or a hook that asks for arguments it is not given.
    """
    specs: dict[tuple[str, str], ComponentSpec] = {}
    faults: list[str] = []
    implementations = _implementations(plugin, name)
    for hook, function in implementations:
        if hook not in HOOKS:
            faults.append(f"unknown hook {hook!r}, {_nearest(hook)}")
            continue
        for spec in _answer(hook, function, faults):
            if specs.setdefault((spec.kind, spec.name), spec) is not spec:
                faults.append(f"{hook} yielded {spec.name!r} twice, the first counts")
    unmarked = sorted(_unmarked(plugin) - {hook for hook, _ in implementations})
    faults += [f"{hook} is not marked @hookimpl" for hook in unmarked]
    if not implementations and not unmarked:
        faults.append("it implements no hook")
    return list(specs.values()), faults


def cause(error: BaseException) -> str:
    """What a plugin raised; and that a newer flodl may help, where it asks flodl for what this one does not have."""
    text = said(error)
    missing = isinstance(error, ImportError) and (error.name or "").partition(".")[0] == "flodl_core"
    unknown = isinstance(error, TypeError) and _UNKNOWN_FIELD.search(text) is not None
    return f"{text}, which a newer flodl-core may know" if missing or unknown else text


def _implementations(plugin: object, name: str) -> list[tuple[str, Callable[[], object]]]:
    """Hook names and functions, in the order of the names; pluggy finds and checks them."""
    if plugin is None:
        raise PluginError("the entry point names None, not a plugin")
    manager = _manager()
    with _one_at_a_time:
        try:
            manager.register(plugin, name=name)
            callers = manager.get_hookcallers(plugin) or []
            found = [(caller.name, each.function) for caller in callers for each in caller.get_hookimpls()]
        except pluggy.PluginValidationError as error:
            raise PluginError(_validation_message(error)) from None
        finally:
            if manager.has_plugin(name):
                manager.unregister(name=name)
    return sorted(found, key=lambda pair: pair[0])


@final
class _Manager(pluggy.PluginManager):
    """Looks at functions alone: before pluggy 1.7 a property was fetched, and could raise."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> Any:
        simple = isinstance(plugin, ModuleType)  # nearly every plugin is: no need to walk a class's ancestors
        value = vars(plugin).get(name) if simple else inspect.getattr_static(plugin, name, None)
        if not inspect.isroutine(value):
            return None
        return super().parse_hookimpl_opts(plugin, name)


@cache
def _manager() -> pluggy.PluginManager:
    """Knows the hooks, and one plugin at a time."""
    manager = _Manager("flodl")
    manager.add_hookspecs(hookspecs)
    return manager


def _validation_message(error: pluggy.PluginValidationError) -> str:
    """Pluggy's message without its dump of the plugin: the lines that say what is wrong."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if not line.lower().startswith(("plugin ", "hookimpl definition"))]
    return " ".join(telling or lines)


def _answer(hook: str, function: Callable[[], object], faults: list[str]) -> Iterator[ComponentSpec]:
    """What one hook declares: all of it, or nothing when it raises half way."""
    try:
        answer = function()
        listed = _listed(answer)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit, and panics of extension modules, which are no Exceptions
        faults.append(f"{hook} raised {cause(error)}")
        return
    if listed is None:
        faults.append(f"{hook} returned {_article(answer)}, not an iterable of specs")
        return
    if len(listed) > MOST:
        faults.append(f"{hook} yields more than {MOST} specs")
        return
    due = KINDS[HOOKS[hook]]
    for item in listed:
        if type(item) is due:  # not a subclass either: specs are plain data
            assert isinstance(item, ComponentSpec)
            yield item
        else:
            faults.append(f"{hook} yielded {_article(item)}, due is {due.__name__}")


def _listed(answer: object) -> list[object] | None:
    if isinstance(answer, str | bytes | Mapping) or not isinstance(answer, Iterable):
        return None
    return list(islice(answer, MOST + 1))


def _unmarked(plugin: object) -> set[str]:
    """Functions with a hook's name. Looked at, not fetched: a property could raise."""
    return {hook for hook in HOOKS if inspect.isroutine(inspect.getattr_static(plugin, hook, None))}


def _article(value: object) -> str:
    if value is None:
        return "None"
    if inspect.iscoroutine(value):
        value.close()  # else Python complains, on a line of its own, that nobody awaited it
    if isinstance(value, type):
        return f"the class {value.__name__}"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIO' else 'a'} {name}"


def _nearest(hook: str) -> str:
    return did_you_mean(hook, HOOKS, n=1) or "which a newer flodl-core may know"
